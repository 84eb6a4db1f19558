import { createHash } from 'node:crypto';
import { doAtOnce, type StepwiseWork } from '../base/index.js';
import { CanonicalWriter } from './canonical.js';
import { check } from './check.js';

/**
 * The digest of a value, SHA-256 in base64url: equal where a function could not tell the values apart, wherever and by whatever Node it is
 * taken, and nowhere else. The order of an object's keys does not count; that of a Map or Set does, and so do -0, holes, what is shared and
 * what is a circle, a Buffer and a Uint8Array, the bytes around a view that is part of a value. An error counts by class, name, message and
 * fields, not by its stacks, which name files and lines. What packing changes counts as it arrives: `check` says what that is, and refuses
 * what is no value with `HANDOFF_NOT_SERIALIZABLE` and the path. The value must not change until it is done.
 */
export function* valueDigest(value: unknown, { where, isChecked = false }: DigestOptions): StepwiseWork<string> {
  if (!isChecked) check(value, { where, freeze: false });
  const hash = createHash('sha256');
  yield* new CanonicalWriter((bytes) => void hash.update(bytes)).write(value);
  return hash.digest('base64url');
}

/** The digest of a value, at once: some 10 ms for a MiB of small parts, 1.5 ms for one of binary data. Throws as `valueDigest` does. */
export const digestOf = (value: unknown, options: DigestOptions): string => doAtOnce(valueDigest(value, options));

/** How a digest is taken. */
export interface DigestOptions {
  /** The name of the whole, with which paths begin. */
  readonly where: string;
  /** Whether it is known to be a value. Default false: then it is checked first, at once. */
  readonly isChecked?: boolean;
}
