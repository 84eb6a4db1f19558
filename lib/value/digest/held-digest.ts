import { doInTurns, doNowOrInTurns, type StepwiseWork } from '../../base/index.js';
import { BINARY, binaryKind, HEADER_BYTES } from '../binary.js';
import { survey } from '../check.js';
import { unpack } from '../pack.js';
import { StoredValue } from '../stored-value.js';
import { BinaryPieces } from './canonical.js';
import { digestBytes, valueDigest } from './digest.js';
import { packedDigests } from './digest-thread.js';
import { bytesOfDigest, DIGEST_BYTES, type Digests } from './digests.js';
import { type BesideParts, digestsOfParts, listDigests } from './part-digests.js';

/** From this size on the digest of a packed value is taken in a thread: before that it takes a millisecond or two. */
const OFF_LOOP_BYTES = 1024 * 1024;

const UNKNOWN: Digests = {};

/**
 * Returns the digest of a value on this node, wherever it lies, and of an array held in parts those of its elements. A promise if it takes
 * long: a large packed value is read by a thread, a large live one in turns. It is taken once, and kept with the value. What has no digest,
 * as it is no value or cannot be read, has none here: this never throws or rejects.
 */
export function digestsOfHeld(held: StoredValue): Digests | Promise<Digests> {
  try {
    const { away } = held;
    if (held.digest !== undefined && !away && !held.mayHaveParts) return { digest: held.digest };
    const found = away
      ? away.read().then((packed) => digestsOfHeld(StoredValue.packed(packed)))
      : held.hasAway
        ? partsRead(held).then(() => doInTurns(heldDigests(held)))
        : isPackedWhole(held) && held.sizeBytes >= OFF_LOOP_BYTES
          ? packedDigests(held.toParts('value'))
          : doNowOrInTurns(heldDigests(held));
    return found instanceof Promise
      ? found.then(
          (digests) => kept(held, digests),
          () => UNKNOWN,
        )
      : kept(held, found);
  } catch {
    return UNKNOWN;
  }
}

/** Takes the digests of the parts that are not in memory. */
async function partsRead(held: StoredValue): Promise<void> {
  const { partCount = 0 } = held;
  for (let place = 0; place < partCount; place += 1) {
    const part = held.partAt(place);
    if (part.hasAway) await digestOfHeld(part);
  }
}

/** Whether all of it is packed, in one piece or several. */
const isPackedWhole = (held: StoredValue): boolean => held.isPacked && !held.isHeldInParts;

function kept(held: StoredValue, digests: Digests): Digests {
  held.digest = digests.digest;
  return digests;
}

/** Takes them here, in steps, from a value that is in memory. Throws what opening throws. */
export function* heldDigests(held: StoredValue): StepwiseWork<Digests> {
  if (held.mayHaveParts) {
    const { partCount } = held;
    if (partCount !== undefined) return yield* digestsInParts(held, partCount);
  }
  if (!isPackedWhole(held)) return { digest: yield* valueDigest(held.open(false), { where: 'value' }) };
  const pieces = held.toParts('value');
  const [first] = pieces;
  if (first![0] !== BINARY)
    return { digest: yield* valueDigest(unpack(held.pack('value'), { freeze: false }), { where: 'value', isChecked: true }) };
  const data = new BinaryPieces(binaryKind(first!), [first!.subarray(HEADER_BYTES), ...pieces.slice(1)]);
  const digest = digestBytes(data);
  return { digest: (Buffer.isBuffer(digest) ? digest : yield* digest).toString('base64url') };
}

function* digestsInParts(held: StoredValue, count: number): StepwiseWork<Digests> {
  // Nobody can change it, and its parts are no copies.
  if (!held.isPacked) {
    const list = held.open(false) as readonly unknown[];
    return yield* listDigests(list, survey(list, { where: 'value', freeze: false }));
  }
  const digests = new Uint8Array(DIGEST_BYTES * count);
  for (let place = 0; place < count; place += 1) {
    const part = held.partAt(place);
    const digest = part.digest ?? (yield* heldDigests(part)).digest!;
    digests.set(bytesOfDigest(digest), DIGEST_BYTES * place);
  }
  const beside: { -readonly [F in keyof BesideParts]: BesideParts[F] } = {};
  const { besideParts } = held;
  if (besideParts) beside[besideParts.are] = (yield* heldDigests(besideParts.value)).digest;
  return digestsOfParts(digests, beside);
}

/** Returns the digest of a value on this node alone; see `digestsOfHeld`. */
export function digestOfHeld(held: StoredValue): string | undefined | Promise<string | undefined> {
  if (held.digest !== undefined) return held.digest;
  const found = digestsOfHeld(held);
  return found instanceof Promise ? found.then(({ digest }) => digest) : found.digest;
}

/** Returns the digests of a value that came packed, in pieces. */
export const digestsOfPieces = (pieces: readonly Uint8Array[]): StepwiseWork<Digests> => heldDigests(StoredValue.arrived(pieces));
