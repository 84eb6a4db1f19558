import { packThrown } from '../value/index.js';

/** An error that is larger goes without its fields: a message has to fit a frame, bytes. */
const MAX_ERROR_BYTES = 1024 * 1024;

/** What a function threw, for its driver. */
export function packedError(error: unknown): Uint8Array {
  const packed = packThrown(error);
  if (packed.byteLength <= MAX_ERROR_BYTES) return packed;
  const { name, message, stack } = error instanceof Error ? error : new Error('something large was thrown');
  return packThrown(Object.assign(new Error(message.slice(0, 10_000)), { name, stack: stack?.slice(0, 10_000) }));
}
