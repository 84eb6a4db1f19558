/** What is known of a value: the digest of the whole, and those of its elements if a map goes over it, 32 bytes each. */
export interface Digests {
  readonly digest?: string;
  readonly digests?: Uint8Array;
}

/** The length of a digest, bytes. */
export const DIGEST_BYTES = 32;

/** Whether it has the form of a digest: 32 bytes in base64url. */
export const isDigest = (given: unknown): given is string => typeof given === 'string' && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(given);

/** Returns the bytes of a digest. */
export const bytesOfDigest = (digest: string): Uint8Array => Buffer.from(digest, 'base64url');

/** Returns the digest in a place of a list of them. */
export const digestAt = (digests: Uint8Array, place: number): string =>
  Buffer.from(digests.buffer, digests.byteOffset + DIGEST_BYTES * place, DIGEST_BYTES).toString('base64url');
