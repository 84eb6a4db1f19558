import type { PlanRecord } from '../../dag/index.js';
import { type JournalEntry, type RecordedFile, unpackEntries } from '../../journal/index.js';
import { pack, unpack } from '../../value/index.js';
import type { Receipt, RerunReason } from '../brain/messages.js';
import type { PackedDag } from './take-plan.js';

/** The kinds of entries in the groups of a run. */
export const KINDS = { opening: 0, node: 1, success: 2, failure: 3 } as const;

/** Results with at most this packed size are in the journal, bytes. */
export const RECORDED_VALUE_BYTES = 64 * 1024;

/** The content of the journal at each opening of a run, before anything of that epoch has happened. */
export interface Opening {
  readonly dagId: string;
  readonly mode: 'cluster' | 'local';
  /** What each function is, and what else the DAG holds; missing if both are as in the opening before. */
  readonly planned?: { readonly plan: PlanRecord; readonly dag: PackedDag };
  /** Values of inputs that are known here, packed. */
  readonly inputs: readonly (readonly [id: string, packed: Uint8Array])[];
  /** The options that are data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** For functions whose earlier success does not hold any more, why. */
  readonly reasons: readonly (readonly [number: number, reason: RerunReason])[];
}

const NO_BYTES = new Uint8Array(0);

/** A success's fixed part: flags, attempt, node, size and duration, 4 + 4 + 8 + 8 bytes after the flags. */
const SUCCESS_BYTES = 25;
const HAS_VALUE = 1;
const HAS_FILE = 2;

/** The entry with which the first group of an opening begins. */
export function openingEntry({ inputs, planned, ...opening }: Opening): JournalEntry {
  const own = {
    ...opening,
    ...(planned && { planned: { ...planned, dag: { ...planned.dag, values: planned.dag.values.map(unshared) } } }),
    inputs: inputs.map(([id, packed]) => [id, unshared(packed)]),
  };
  return { kind: KINDS.opening, index: 0, bytes: pack(own, { where: 'record' }) };
}

/** Large packed values lie in memory that is shared with threads: that is no value itself. Returns the bytes in memory of their own. */
const unshared = (packed: Uint8Array): Uint8Array => (packed.buffer instanceof ArrayBuffer ? packed : packed.slice());

/** Names a node of this epoch by a number. */
export const nodeEntry = (number: number, name: string): JournalEntry => ({ kind: KINDS.node, index: number, bytes: Buffer.from(name) });

/** A success. `node`: the number of the receipt's node. `value`: the packed result, where it goes into the journal, or its file. */
export function successEntry(
  index: number,
  attempt: number,
  { sizeBytes, tookMs }: Receipt,
  node: number,
  value: Uint8Array | RecordedFile | undefined,
): JournalEntry {
  const isFile = value !== undefined && 'digest' in value;
  const rest = isFile ? packFile(value) : value;
  const bytes = new Uint8Array(SUCCESS_BYTES + (rest?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, isFile ? HAS_FILE : value ? HAS_VALUE : 0);
  view.setUint32(1, attempt);
  view.setUint32(5, node);
  view.setFloat64(9, sizeBytes);
  view.setFloat64(17, tookMs);
  if (rest) bytes.set(rest, SUCCESS_BYTES);
  return { kind: KINDS.success, index, bytes };
}

/** A file's fixed part: size, epoch and number, 8 + 4 + 4 bytes, and the digest. The id of the folder follows. */
const FILE_BYTES = 48;
const DIGEST_AT = 16;

function packFile({ dataDir, epoch, index, sizeBytes, digest }: RecordedFile): Uint8Array {
  const folder = Buffer.from(dataDir);
  const bytes = new Uint8Array(FILE_BYTES + folder.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, sizeBytes);
  view.setUint32(8, epoch);
  view.setUint32(12, index);
  bytes.set(digest, DIGEST_AT);
  bytes.set(folder, FILE_BYTES);
  return bytes;
}

function unpackFile(bytes: Uint8Array): RecordedFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    dataDir: Buffer.from(bytes.subarray(FILE_BYTES)).toString(),
    epoch: view.getUint32(8),
    index: view.getUint32(12),
    sizeBytes: view.getFloat64(0),
    digest: bytes.slice(DIGEST_AT, FILE_BYTES),
  };
}

/** A final failure. The error itself is not recorded: it is reported when it happens. */
export const failureEntry = (index: number): JournalEntry => ({ kind: KINDS.failure, index, bytes: NO_BYTES });

/** A success as it was recorded. */
export interface RecordedSuccess {
  readonly epoch: number;
  readonly attempt: number;
  readonly node: string;
  readonly sizeBytes: number;
  readonly tookMs: number;
  /** The packed result; missing where it was too large. A view of the group. */
  readonly value: Uint8Array | undefined;
  /** Where a large result lies; missing where it was in memory alone. */
  readonly file: RecordedFile | undefined;
}

/** Reads the entries of one group. */
export function readEntries(group: Uint8Array, epoch: number, nodes: Map<number, string>, told: EntryReader): void {
  for (const { kind, index, bytes } of unpackEntries(group)) {
    if (kind === KINDS.node) nodes.set(index, Buffer.from(bytes).toString());
    else if (kind === KINDS.failure) told.failure(index);
    else if (kind === KINDS.opening) told.opening(unpack(bytes, { freeze: false }) as Opening, epoch);
    else if (kind === KINDS.success) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const flag = view.getUint8(0);
      const rest = bytes.subarray(SUCCESS_BYTES);
      told.success(index, {
        epoch,
        attempt: view.getUint32(1),
        node: nodes.get(view.getUint32(5)) ?? '',
        sizeBytes: view.getFloat64(9),
        tookMs: view.getFloat64(17),
        value: flag === HAS_VALUE ? rest : undefined,
        file: flag === HAS_FILE ? unpackFile(rest) : undefined,
      });
    }
  }
}

/** Receives the content of a record, in the order in which it was written. */
export interface EntryReader {
  opening(opening: Opening, epoch: number): void;
  success(index: number, success: RecordedSuccess): void;
  failure(index: number): void;
}
