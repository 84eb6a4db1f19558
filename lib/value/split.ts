import { HandoffError } from '../base/index.js';
import { freezeDeep, type Survey, surfaceSize, survey } from './check.js';
import type { Digests } from './digest/digests.js';
import { digestsOfHeld } from './digest/held-digest.js';
import { canSplit, type Gist, gistOf, splitOf, type ValueFacts, withDigests } from './facts.js';
import { fieldsOf, packSurveyed } from './pack.js';
import { smallCopy } from './small-copy.js';
import { snapshot } from './snapshot.js';
import { type Origin, StoredValue } from './stored-value.js';

/** The most that packing adds to a primitive, bytes. */
const PACKED_PRIMITIVE_BYTES = 64;

/**
 * Returns an array on this node's loop as a value of parts. If freezing protects it, elements are made when they are asked for; otherwise
 * each is copied now. `found`: the findings about the array; missing where nothing is checked or frozen. Then an element that is no value
 * is passed as it is.
 */
export function splitLive(list: readonly unknown[], found: Survey | undefined): StoredValue {
  if (!found) {
    const own = fieldsOf(list);
    const fields = Reflect.ownKeys(own).length > 0 ? StoredValue.live(own, 0) : undefined;
    return StoredValue.ofSlots(Array.from(list, looseCopy), { fields }, 'result');
  }
  const { freezesWhole, isTree, hasFields, hasHoles, sizeBytes } = found;
  const fields = hasFields ? frozenCopy(fieldsOf(list)) : undefined;
  if (!freezesWhole) return StoredValue.ofSlots(Array.from(list, frozenCopy), { fields: fields as StoredValue }, 'result');
  const whole = isTree && !hasFields && !hasHoles ? list : undefined;
  return StoredValue.ofSlots(list, { fields: fields as StoredValue, whole }, 'result', sizeBytes);
}

/**
 * Returns a value with what is to be known of it. With `isSplit` an array is returned as a value of parts. Throws
 * `HANDOFF_NOT_SERIALIZABLE` for one that cannot be opened. The digest of a large value is left out.
 */
export function withFactsOf(given: StoredValue, wanted: WantedFacts, freeze: boolean): { held: StoredValue; facts: ValueFacts } {
  const { gist, isSplit, isDigested = false } = wanted;
  const held = isSplit ? splitHeld(given, freeze) : given;
  const count = held.partCount;
  const split = count === undefined ? () => splitOf(held.open(false)) : () => ({ count });
  const facts = { ...(gist !== undefined && { gist: gistOfHeld(held, gist) }), ...(isSplit && { split: split() }) };
  return { held, facts: isDigested ? withDigests(facts, digestsAtOnce(held)) : facts };
}

/** The digests of a value up to this size are taken with the other facts, at once, bytes. */
const DIGESTED_AT_ONCE_BYTES = 64 * 1024;

function digestsAtOnce(held: StoredValue): Digests {
  const found = held.sizeBytes <= DIGESTED_AT_ONCE_BYTES ? digestsOfHeld(held) : {};
  return found instanceof Promise ? {} : found;
}

/** Returns what can be told of a packed value by its size alone; `undefined` if something that is wanted cannot. */
export function factsBySize(sizeBytes: number, { gist, isSplit }: WantedFacts): ValueFacts | undefined {
  return !isSplit && gist !== undefined && isBeyond(sizeBytes, gist) ? { gist: { isTruthy: true } } : undefined;
}

/** What is packed in more bytes than a text of so many characters is truthy, and is compared with nothing. It is not opened for that. */
const isBeyond = (sizeBytes: number, longest: number): boolean => sizeBytes > 2 * longest + PACKED_PRIMITIVE_BYTES;

function gistOfHeld(held: StoredValue, longest: number): Gist {
  return (held.isPacked && isBeyond(held.sizeBytes, longest)) || held.partCount !== undefined
    ? { isTruthy: true }
    : gistOf(held.open(false), longest);
}

/**
 * Returns the same value as one of parts, if it is an array that can be split. It is opened for that, unless it is of parts already. Throws
 * `HANDOFF_NOT_SERIALIZABLE` if it cannot be opened.
 */
function splitHeld(held: StoredValue, freeze: boolean): StoredValue {
  if (held.partCount !== undefined) return held;
  const value = held.open(freeze);
  if (!canSplit(value)) return held;
  if (held.origin === 'caller') return splitGiven(value, freeze);
  return splitLive(value, freeze ? survey(value, { where: 'result', freeze }) : undefined);
}

/** The same for the value of a caller: an element is opened by each reader for itself. */
function splitGiven(list: readonly unknown[], freeze: boolean): StoredValue {
  const copy = (value: unknown): unknown => (isObject(value) ? snapshot(value, { where: 'input', freeze }) : value);
  const fields = fieldsOf(list);
  const isPlain = Object.keys(fields).length === 0;
  const beside = isPlain ? {} : { fields: snapshot(fields, { where: 'input', freeze }) };
  return StoredValue.ofSlots(Array.from(list, copy), beside, 'caller' satisfies Origin);
}

/** What is to be known of a value. */
export interface WantedFacts {
  /** Its gist, with texts of at most so many characters. */
  readonly gist: number | undefined;
  /** Whether a map goes over it. */
  readonly isSplit: boolean;
  /** Whether its digest is wanted, and with `isSplit` those of its elements. Default false. */
  readonly isDigested?: boolean;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Copies an element of an array that is not frozen whole. */
function frozenCopy(value: unknown): unknown {
  if (!isObject(value)) return value;
  const small = smallCopy(value);
  if (small) return StoredValue.live(freezeDeep(small.copy), small.sizeBytes);
  return StoredValue.packed(packSurveyed(value, survey(value, { where: 'result', freeze: false }), 'result', true));
}

/** Copies an element where nothing is frozen. */
function looseCopy(value: unknown): unknown {
  if (!isObject(value)) return value;
  const small = smallCopy(value);
  if (small) return StoredValue.live(small.copy, small.sizeBytes);
  try {
    return StoredValue.packed(packSurveyed(value, survey(value, { where: 'result', freeze: false }), 'result', true));
  } catch (error) {
    if (!HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
    return StoredValue.live(value, surfaceSize(value));
  }
}
