// What the nodes of the benchmarks run. Plain JavaScript, so that a node loads it as it is.

const MIB = 2 ** 20;
let bytesOnce = new Uint8Array(0);

/** Does nothing: what is measured is everything around it. */
export const nothing = () => 1;

/** The step of a chain: does nothing either. */
export const next = (/** @type {number} */ before) => before;

/** The same bytes each time, while they are to be as many: what is measured is passing them on. */
export const sameBytes = (/** @type {number} */ sizeBytes) => {
  if (bytesOnce.byteLength !== sizeBytes) bytesOnce = new Uint8Array(sizeBytes).fill(7);
  return bytesOnce;
};

/** Others each time. */
export const otherBytes = (/** @type {number} */ sizeBytes) => new Uint8Array(sizeBytes).fill(7);

/** So many MiB, every page of them written. */
export const mebibytes = (/** @type {number} */ count) => new Uint8Array(count * MIB).fill(7);

/** Takes a value and gives next to nothing. */
export const sizeOf = (/** @type {Uint8Array} */ bytes) => bytes.byteLength;

/** As `sizeOf`, after so many ms that take no processor. */
export const slowSizeOf = (/** @type {Uint8Array} */ bytes, /** @type {number} */ ms) =>
  new Promise((resolve) => setTimeout(() => resolve(bytes.byteLength), ms));

/** Others than it was given, as many. */
export const inverted = (/** @type {Uint8Array} */ bytes) => bytes.map((byte) => 255 - byte);

/** How much there is in all. */
export const totalSize = (/** @type {readonly Uint8Array[]} */ all) => all.reduce((sum, bytes) => sum + bytes.byteLength, 0);
