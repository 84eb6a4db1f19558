// Value: WHAT may pass from function to function, and how it is carried.
// In:  anything that a function returns, throws, or a caller supplies.
// Out: a value checked, frozen, packed into bytes, or unpacked; `HANDOFF_NOT_SERIALIZABLE` with the path for anything else.
export { check, type Survey, surfaceSize, survey } from './check.js';
export { ConstantColumn } from './constant-column.js';
export { constantList } from './constant-list.js';
export { type DigestOptions, digestOf, valueDigest } from './digest.js';
export { canSplit, type Gist, gistOf, packFacts, type Split, splitOf, unpackFacts, type ValueFacts } from './facts.js';
export { countLarge } from './idle-collection.js';
export { type Packed, pack, packElements, packSurveyed, unpack } from './pack.js';
export { writeScalar } from './scalar.js';
export { countShared, sharedMemory } from './shared-memory.js';
export { smallCopy } from './small-copy.js';
export { smallSnapshot, snapshot } from './snapshot.js';
export { factsBySize, splitLive, type WantedFacts, withFactsOf } from './split.js';
export { type Origin, StoredValue } from './stored-value.js';
export { packThrown, packThrownForWire, unpackError, unpackThrown } from './thrown.js';
export { type ThrownData, thrownData, thrownOf } from './thrown-data.js';
