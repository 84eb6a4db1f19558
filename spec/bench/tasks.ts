/** Does nothing: what is measured is everything around it. */
export const nothing = (): number => 1;

/** As good as nothing, with an argument. */
export const next = (n: number): number => n + 1;

/** Keeps its thread busy for a millisecond. */
export function oneMillisecond(): number {
  const endMs = performance.now() + 1;
  let turns = 0;
  while (performance.now() < endMs) turns += 1;
  return turns;
}
