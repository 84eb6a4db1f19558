/** The floor's worker: the same functions, called by the pool itself. */
export default function call(kind) {
  if (kind === 'nothing') return 1;
  const endMs = performance.now() + 1;
  let turns = 0;
  while (performance.now() < endMs) turns += 1;
  return turns;
}
