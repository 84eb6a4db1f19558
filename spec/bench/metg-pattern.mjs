// The graphs of the Task Bench (Slaughter et al., SC20), as arrays: function f of step s and column c is s * width + c.

/** How many functions a function of `nearest` and `spread` takes results of. */
const RADIX = 5;

/** @typedef {'trivial' | 'stencil' | 'nearest' | 'spread'} Pattern */

/** @type {readonly Pattern[]} */
export const PATTERNS = ['trivial', 'stencil', 'nearest', 'spread'];

/**
 * The columns of the step before whose results a function takes.
 * @param {Pattern} pattern
 * @param {number} step
 * @param {number} column
 * @param {number} width
 * @returns {number[]}
 */
function columnsBefore(pattern, step, column, width) {
  if (pattern === 'trivial' || step === 0) return [];
  if (pattern === 'spread') {
    const apart = Array.from({ length: RADIX }, (_, at) => (column + step + Math.floor((at * width) / RADIX)) % width);
    return [...new Set(apart)];
  }
  const reach = pattern === 'stencil' ? 1 : (RADIX - 1) / 2;
  const near = [];
  for (let at = Math.max(0, column - reach); at <= Math.min(width - 1, column + reach); at += 1) near.push(at);
  return near;
}

/**
 * By function, those whose results it takes.
 * @param {Pattern} pattern
 * @param {number} width
 * @param {number} steps
 * @returns {number[][]}
 */
export function producersOf(pattern, width, steps) {
  const producers = [];
  for (let step = 0; step < steps; step += 1) {
    for (let column = 0; column < width; column += 1)
      producers.push(columnsBefore(pattern, step, column, width).map((before) => (step - 1) * width + before));
  }
  return producers;
}
