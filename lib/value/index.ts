// Value: WHAT may pass from function to function, and how it is carried.
// In:  anything that a function returns, throws, or a caller supplies.
// Out: a value checked, frozen, packed into bytes, or unpacked; `HANDOFF_NOT_SERIALIZABLE` with the path for anything else.
export { ownMemory, soleArrivalMemory } from './arrival-memory.js';
export type { AwayBytes, ByteReader } from './away.js';
export { awayParts } from './away-parts.js';
export { check, type Survey, surfaceSize, survey } from './check.js';
export { ConstantColumn } from './constant-column.js';
export { constantList } from './constant-list.js';
export { type DigestOptions, digestOf, valueDigest } from './digest/digest.js';
export { bytesOfDigest, DIGEST_BYTES, type Digests, digestAt, isDigest } from './digest/digests.js';
export { digestOfHeld, digestsOfHeld } from './digest/held-digest.js';
export { combinedDigest, digestsOfChecked } from './digest/part-digests.js';
export { canSplit, type Gist, gistOf, packFacts, type Split, splitOf, unpackFacts, type ValueFacts, withDigests } from './facts.js';
export { countLarge } from './idle-collection.js';
export { inMemory } from './in-memory.js';
export { isInMemory, JoinedBytes } from './joined-bytes.js';
export { type Packed, pack, packElements, packSurveyed, unpack, unpackOwn } from './pack.js';
export { writeScalar } from './scalar.js';
export { countShared, memoryOf, SHARED_FROM_BYTES, sharedMemory } from './shared-memory.js';
export { smallCopy } from './small-copy.js';
export { smallSnapshot, snapshot } from './snapshot.js';
export { factsBySize, splitLive, type WantedFacts, withFactsOf } from './split.js';
export { MOVABLE_BYTES, type Origin, StoredValue } from './stored-value.js';
export { packThrown, packThrownForWire, unpackError, unpackThrown } from './thrown.js';
export { type ThrownData, thrownData, thrownOf } from './thrown-data.js';
export type { ValueEntry } from './value-entry.js';
