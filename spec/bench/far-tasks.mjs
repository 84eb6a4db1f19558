// What the nodes of the benchmarks run. Plain JavaScript, so that a node loads it as it is.

const MIB = 2 ** 20;
const mebibyteOnce = new Uint8Array(MIB).fill(7);

/** Does nothing: what is measured is everything around it. */
export const nothing = () => 1;

/** The step of a chain: does nothing either. */
export const next = (/** @type {number} */ before) => before;

/** The same 1 MiB each time: what is measured is passing it on. */
export const mebibyte = () => mebibyteOnce;

/** So many MiB, every page of them written. */
export const mebibytes = (/** @type {number} */ count) => new Uint8Array(count * MIB).fill(7);

/** Takes a value and gives next to nothing. */
export const sizeOf = (/** @type {Uint8Array} */ bytes) => bytes.byteLength;
