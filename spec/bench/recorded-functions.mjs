// What a replayed workflow runs. Plain JavaScript, so that a node loads it as it is.

/** Takes what others gave, lasts so long, and gives so many bytes. */
export const last = (/** @type {readonly unknown[]} */ _given, /** @type {number} */ ms, /** @type {number} */ bytes) =>
  ms === 0 ? new Uint8Array(bytes) : new Promise((resolve) => setTimeout(() => resolve(new Uint8Array(bytes)), ms));
