// What the functions of the Task Bench do. Plain JavaScript, and nothing is imported: threads load only this.

/**
 * Keeps its thread busy for as many µs as the last argument says. The others are results of functions before it.
 * @param {readonly number[]} given
 */
export function spin(...given) {
  const endMs = performance.now() + given[given.length - 1] / 1000;
  let turns = 0;
  while (performance.now() < endMs) turns += 1;
  return turns & 1;
}
