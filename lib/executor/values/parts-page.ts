import { HandoffError } from '../../base/index.js';
import { shapes, valueName } from '../../peer/index.js';
import { StoredValue } from '../../value/index.js';
import { type ArgumentValue, type CompositeName, isRemote, RIDES_ALONG_BYTES } from './remote-value.js';

/** The most parts in a page. */
export const PARTS_IN_PAGE = 1000;

/** A page ends with the part with which its small values, names and keys reach this size, bytes. */
const PAGE_BYTES = 1024 * 1024;

/** What a reference takes beside its names, roughly, bytes. */
const REFERENCE_BYTES = 100;

const { bytes, count, either, id, list, nullable, object, text, tuple } = shapes;

/**
 * A page on the wire: the number of all parts, the keys of a record's parts, the parts, and the bytes of the small values one after the
 * other. A part is the length of its value there, a reference, or null if it is absent.
 */
const wirePage = tuple(
  count,
  nullable(list(text, PARTS_IN_PAGE)),
  list(nullable(either(count, object({ from: id, value: valueName, sizeBytes: count }))), PARTS_IN_PAGE),
  bytes,
);

type WirePart = number | Pick<Exclude<ArgumentValue, StoredValue>, 'from' | 'value' | 'sizeBytes'> | null;

/**
 * Returns a page for another node, as a value that is sent like any other: with as many of its parts as fit, and at least one. Throws
 * `HANDOFF_NOT_SERIALIZABLE` for a small value that cannot leave this node.
 */
export function packPage({ total, keys, parts }: PartsPage): StoredValue {
  const sent: WirePart[] = [];
  const small: Uint8Array[] = [];
  let smallBytes = 0;
  let sizeBytes = 0;
  for (let at = 0; at < Math.min(parts.length, PARTS_IN_PAGE) && sizeBytes < PAGE_BYTES; at += 1) {
    const part = parts[at];
    const packed = part && smallBytesOf(part, keys?.[at]);
    if (packed) {
      sent.push(packed.byteLength);
      small.push(packed);
      smallBytes += packed.byteLength;
      sizeBytes += packed.byteLength;
    } else if (part && isRemote(part)) {
      const { from, value } = part;
      sent.push({ from, value, sizeBytes: part.sizeBytes });
      sizeBytes += REFERENCE_BYTES + ('functionId' in value ? value.functionId.length : 0);
    } else sent.push(null);
    if (keys) sizeBytes += keys[at]!.length;
  }
  const page = [total, keys?.slice(0, sent.length) ?? null, sent, joined(small, smallBytes)];
  return StoredValue.live(page, sizeBytes, 'caller');
}

/** Reads a page of another node. Throws `HANDOFF_BAD_MESSAGE` for anything else, and what opening a value throws. */
export function readPage(held: StoredValue): PartsPage {
  const given = held.open(false);
  const fault = wirePage(given);
  if (fault !== undefined) throw badPage(fault === '' ? 'it is no page' : `its ${fault} is wrong`);
  const [total, keys, sent, small] = given as readonly [number, readonly string[] | null, readonly WirePart[], Uint8Array];
  let begin = 0;
  const parts = sent.map((part): ArgumentValue | undefined => {
    if (typeof part !== 'number') return part ?? undefined;
    const packed = small.subarray(begin, begin + part);
    begin += part;
    // No value is packed into nothing.
    if (part === 0 || packed.byteLength !== part) throw badPage('its bytes are not those of its values');
    return StoredValue.packedAmong(packed);
  });
  if (begin !== small.byteLength) throw badPage('its bytes are not those of its values');
  if (keys && keys.length !== parts.length) throw badPage('its keys are not those of its parts');
  return { total, keys: keys ?? undefined, parts };
}

/** The error of a page that does not fit. */
export const badPage = (why: string): HandoffError => new HandoffError('HANDOFF_BAD_MESSAGE', `Cannot read a page of parts: ${why}`);

/** Returns the bytes of a part if it rides along. */
function smallBytesOf(part: ArgumentValue, key: string | undefined): Uint8Array | undefined {
  const held = isRemote(part) ? part.inline : part;
  // What is not in memory is fetched by itself.
  if (!held || held.sizeBytes > RIDES_ALONG_BYTES || (held.away && isRemote(part))) return undefined;
  const packed = held.pack(key === undefined ? 'result' : `result.${key}`);
  return packed.byteLength <= RIDES_ALONG_BYTES ? packed : undefined;
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const all = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

/** Some consecutive parts of an array or a record that a map or an expansion made. */
export interface PartsPage {
  /** The number of all parts. */
  readonly total: number;
  /** The keys of these parts, if they are those of a record. */
  readonly keys: readonly string[] | undefined;
  /** `undefined` stands for a part that is absent: its function was not taken, or may fail and did. */
  readonly parts: readonly (ArgumentValue | undefined)[];
}

/**
 * Returns parts for a node, from the `first` on, at least one if there are any; `undefined` if this node does not drive that run in that
 * epoch, or the function has not made its value. It may return more than fit into a page.
 */
export type CompositeSource = (name: CompositeName, to: string) => PartsPage | undefined;
