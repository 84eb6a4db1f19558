import { createHash } from 'node:crypto';
import type { StepwiseWork } from '../../base/index.js';
import { fieldsOf } from '../pack.js';
import type { KnownForm } from './canonical.js';
import { digestBytes, valueDigest } from './digest.js';
import { bytesOfDigest, DIGEST_BYTES, type Digests } from './digests.js';
import { hasElementsOnly } from './elements-only.js';

/** The first byte of everything that digests of parts are hashed with. Those of whole values begin with another one. */
const OF_PARTS = 2;

/** The digest of a small element takes some microseconds. */
const ELEMENTS_IN_STEP = 128;

const LIST = 0;
const LIST_WITH_FIELDS = 1;
const RECORD = 2;

/**
 * The digests of so many elements go beside an array that a map goes over, 16 MiB of them. Of a longer one only the digest of the whole is
 * known, and its elements are not remembered.
 */
const MOST_DIGESTS = 2 ** 19;

/**
 * Returns the digest of an array or a record whose parts share nothing with each other. It is made of theirs, 32 bytes each, in order.
 * `keys`: the names of a record's parts. `fields`: the properties of an array besides its elements. The whole value has another digest if
 * it is not held in parts.
 */
export function combinedDigest(digests: Uint8Array, { keys, fields }: BesideParts = {}): string {
  const hash = createHash('sha256');
  const head = new Uint8Array(6);
  head[0] = OF_PARTS;
  head[1] = keys !== undefined ? RECORD : fields !== undefined ? LIST_WITH_FIELDS : LIST;
  new DataView(head.buffer).setUint32(2, digests.byteLength / DIGEST_BYTES, true);
  hash.update(head).update(digests);
  const beside = keys ?? fields;
  if (beside !== undefined) hash.update(bytesOfDigest(beside));
  return hash.digest('base64url');
}

/**
 * Returns the digests of an array that leaves its place element by element, in steps. The array has been checked, and does not change
 * meanwhile. A place without an element counts as `undefined`, which arrives there.
 */
export function* listDigests(list: readonly unknown[], known?: KnownForm): StepwiseWork<Digests> {
  const digests = new Uint8Array(DIGEST_BYTES * list.length);
  for (let at = 0; at < list.length; at += 1) {
    const digest = digestBytes(list[at], known);
    digests.set(Buffer.isBuffer(digest) ? digest : yield* digest, DIGEST_BYTES * at);
    if (at % ELEMENTS_IN_STEP === ELEMENTS_IN_STEP - 1) yield;
  }
  if (known?.isDense || hasElementsOnly(list)) return digestsOfParts(digests);
  const beside = fieldsOf(list);
  const fields = Object.keys(beside).length > 0 ? yield* valueDigest(beside, { where: 'result', isChecked: true }) : undefined;
  return digestsOfParts(digests, { fields });
}

/** Returns the digest of a value that has been checked, and with `isSplit` those of the elements of an array, in steps. */
export function* digestsOfChecked(value: unknown, isSplit: boolean, known: KnownForm | undefined): StepwiseWork<Digests> {
  return isSplit
    ? yield* listDigests(value as readonly unknown[], known)
    : { digest: yield* valueDigest(value, { where: 'result', isChecked: true, known }) };
}

/** Returns what goes beside a value of parts that have these digests. */
export function digestsOfParts(digests: Uint8Array, beside?: BesideParts): Digests {
  const digest = combinedDigest(digests, beside);
  return digests.byteLength <= DIGEST_BYTES * MOST_DIGESTS ? { digest, digests } : { digest };
}

/** The digests of what stands besides the parts of a value. */
export interface BesideParts {
  readonly keys?: string | undefined;
  readonly fields?: string | undefined;
}
