/** Bytes that differ by seed. */
export const someBytes = (size: number, seed = 1): Uint8Array => filled(new Uint8Array(size), seed);

/** The same in memory that threads share. */
export const sharedBytes = (size: number, seed = 1): Uint8Array => filled(new Uint8Array(new SharedArrayBuffer(size)), seed);

/** Whether bytes are those of the parts, one after the other. */
export const isJoined = (bytes: Uint8Array, parts: readonly Uint8Array[]): boolean => Buffer.compare(bytes, Buffer.concat(parts)) === 0;

function filled(bytes: Uint8Array, seed: number): Uint8Array {
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + seed * 17 + (at >> 9)) % 251;
  return bytes;
}
