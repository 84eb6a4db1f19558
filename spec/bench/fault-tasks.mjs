// What nodes run while they are harmed. Plain JavaScript, so that a node loads it as it is.

/** Keeps a core busy for so long. */
export const busy = (/** @type {number} */ ms) => {
  const untilMs = performance.now() + ms;
  let turns = 0;
  while (performance.now() < untilMs) turns += 1;
  return turns;
};

const later = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The link of a chain: takes its time, not the processor's, and gives a value that rides in its receipt. */
export const small = async (/** @type {readonly unknown[]} */ _before, /** @type {number} */ ms) => {
  await later(ms);
  return 1;
};

/** As `small`, with a value that stays where it was made. */
export const large = async (/** @type {readonly unknown[]} */ _before, /** @type {number} */ ms) => {
  await later(ms);
  return new Uint8Array(256 * 1024).fill(7);
};
