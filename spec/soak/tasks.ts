// What the functions of a soak do: as long as recorded, and what comes out is told by what goes in.
import { createHash } from 'node:crypto';

/** What one function is to do. */
export interface Work {
  /** Sets apart functions that are given the same. */
  readonly salt: number;
  readonly sleepMs: number;
  /** 0: a small value. */
  readonly sizeBytes: number;
}

/** Sleeps, then computes. */
export const work = async (given: readonly unknown[], todo: Work): Promise<string | Uint8Array> => {
  const value = computed(given.map(digestOf), todo);
  await new Promise((resolve) => setTimeout(resolve, todo.sleepMs));
  return value;
};

/** An array of large values, for a map. */
export const elements = async (count: number, todo: Work): Promise<readonly (string | Uint8Array)[]> =>
  Array.from({ length: count }, (_, at) => computed([`${at}`], todo));

/** What a map does with one of them. */
export const worked = async (element: unknown, todo: Work): Promise<string | Uint8Array> => work([element], todo);

/** What `work` comes to when what it is given has these digests. */
export function computed(digests: readonly string[], { salt, sizeBytes }: Work): string | Uint8Array {
  const digest = digestOf(`${salt} ${digests.join(' ')}`);
  if (sizeBytes === 0) return digest;
  const words = new Uint32Array(sizeBytes >> 2);
  let state = Number.parseInt(digest.slice(0, 8), 16) | 1;
  for (let at = 0; at < words.length; at += 1) {
    // Marsaglia's xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer);
}

/** Tells values apart, also those that are large. */
export function digestOf(value: unknown): string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw new TypeError('no function has made this');
  return createHash('sha1').update(value).digest('hex');
}
