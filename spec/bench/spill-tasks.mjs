// What the bench of spilling runs, in threads. The bytes are hardly looked at: what is measured is where they go.

/** So many bytes, which tell whose they are: at the beginning, in the middle and at the end. */
export function made(/** @type {number} */ sizeBytes, /** @type {number} */ seed) {
  const bytes = new Uint8Array(sizeBytes).fill(seed & 255);
  for (const at of marks(sizeBytes)) new DataView(bytes.buffer).setUint32(at, seed);
  return bytes;
}

/** The sum of the seeds, of values and of sums before. Throws for bytes that are not as they were made. */
export const summed = (/** @type {readonly (number | Uint8Array)[]} */ ...given) =>
  given.reduce((/** @type {number} */ sum, one) => sum + (typeof one === 'number' ? one : seedOf(one)), 0);

function seedOf(/** @type {Uint8Array} */ bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seeds = marks(bytes.byteLength).map((at) => view.getUint32(at));
  if (seeds.some((seed) => seed !== seeds[0])) throw new Error('the bytes are not as they were made');
  return seeds[0] ?? 0;
}

const marks = (/** @type {number} */ sizeBytes) => [0, (sizeBytes >> 3) << 2, sizeBytes - 4];
