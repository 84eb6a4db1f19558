import type { PlanRecord } from '../../../dag/index.js';
import { type GroupBuffer, GroupReader, type RecordedFile } from '../../../journal/index.js';
import { pack, packFacts, StoredValue, thrownData, unpack, unpackFacts, type ValueFacts } from '../../../value/index.js';
import type { Receipt, RerunReason } from '../../brain/messages.js';
import type { RunFault } from '../../brain/run-fault.js';
import type { PackedDag } from './take-plan.js';

/** The kinds of entries in the groups of a run. */
export const KINDS = { opening: 0, node: 1, success: 2, failure: 3, ids: 4, column: 5, constants: 6, grown: 7 } as const;

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

/** What follows, as the first byte of a success says: its value, or the name of the file with its value. */
const HAS_VALUE = 1;
const HAS_FILE = 2;
/** Added to it: before that come the facts of the value, behind their length. */
const HAS_FACTS = 4;
/** Added to it: then come its times. An older version takes such a success for one without a value, and runs the function again. */
const HAS_TIMES = 8;

/** Names a node of this epoch by a number. */
export function writeNode(group: GroupBuffer, number: number, name: string): void {
  group.begin(KINDS.node, number);
  group.bytes(Buffer.from(name));
  group.end();
}

/** Knows the times of the attempts of a run that are over. */
export interface AttemptTimes {
  /** Whether it knows those of the last attempt of a function: not if a former driver began it. */
  hasTimes(index: number): boolean;
  /** Writes them with `writeTimes`: nothing is allocated on the way from the run's columns to the group. */
  addTimes(index: number, group: GroupBuffer): void;
}

/** Writes a success. `node`: the number of the receipt's node. `value`: the result, where it goes into the journal, or its file. */
export function writeSuccess(
  group: GroupBuffer,
  index: number,
  attempt: number,
  receipt: Receipt,
  node: number,
  value: StoredValue | RecordedFile | undefined,
  times: AttemptTimes | undefined,
): void {
  const { sizeBytes, tookMs } = receipt;
  const small = StoredValue.is(value) ? value : undefined;
  const file = StoredValue.is(value) ? undefined : value;
  const packed = small?.scalarBytes === 0 ? small.pack('result') : undefined;
  const hasTimes = times?.hasTimes(index) === true;
  group.begin(KINDS.success, index);
  const facts = packedFacts(receipt);
  group.byte((file ? HAS_FILE : small ? HAS_VALUE : 0) + (facts ? HAS_FACTS : 0) + (hasTimes ? HAS_TIMES : 0));
  group.number(attempt);
  group.number(node);
  group.number(Math.round(sizeBytes));
  group.float(tookMs);
  if (facts) {
    group.number(facts.byteLength);
    group.bytes(facts);
  }
  if (hasTimes) times.addTimes(index, group);
  if (packed) group.bytes(packed);
  else if (small) group.scalar(small.open(false), small.scalarBytes);
  else if (file) writeFile(group, file);
  group.end();
}

function packedFacts({ gist, split, digest }: Receipt): Uint8Array | undefined {
  if (gist === undefined && split === undefined && digest === undefined) return undefined;
  return packFacts({ ...(gist && { gist }), ...(split && { split }), ...(digest !== undefined && { digest }) });
}

/** Writes when an attempt ended, by the driver's wall clock, and its phases. Phases are microseconds: most of them take one byte. */
export function writeTimes(
  group: GroupBuffer,
  endedAtMs: number,
  slot: number,
  waitMs: number,
  fetchMs: number,
  loadMs: number,
  runMs: number,
  packMs: number,
  handOverMs: number,
): void {
  group.float(endedAtMs);
  group.number(slot);
  group.number(microseconds(waitMs));
  group.number(microseconds(fetchMs));
  group.number(microseconds(loadMs));
  group.number(microseconds(runMs));
  group.number(microseconds(packMs));
  group.number(microseconds(handOverMs));
}

const microseconds = (ms: number): number => (ms > 0 ? Math.round(ms * 1000) : 0);

/** Reads what `writeTimes` wrote. */
function readTimes(reader: GroupReader, into: SuccessFields): void {
  into.endedAtMs = reader.float();
  into.slot = reader.number();
  const { phases } = into;
  for (let at = 0; at < phases.length; at += 1) phases[at] = reader.number() / 1000;
}

const DIGEST_BYTES = 32;

function writeFile(group: GroupBuffer, { dataDir, epoch, index, sizeBytes, digest }: RecordedFile): void {
  group.number(sizeBytes);
  group.number(epoch);
  group.number(index);
  group.bytes(digest);
  group.bytes(Buffer.from(dataDir));
}

function readFile(reader: GroupReader): RecordedFile {
  const [sizeBytes, epoch, index] = [reader.number(), reader.number(), reader.number()];
  const digest = reader.bytes(DIGEST_BYTES).slice();
  return { dataDir: Buffer.from(reader.rest()).toString(), epoch, index, sizeBytes, digest };
}

/**
 * Writes a final failure. The error itself is recorded only if the run goes on without the function: else it is reported when it happens,
 * and the function runs again if the run goes on.
 */
export function writeFailure(group: GroupBuffer, index: number, tolerated: ToleratedFailure | undefined): void {
  group.begin(KINDS.failure, index);
  if (tolerated) {
    group.number(tolerated.attempt);
    group.bytes(packedFailure(tolerated.failure));
  }
  group.end();
}

/** Of long errors only the text is recorded. */
function packedFailure(failure: RunFault): Uint8Array {
  const packed = pack(failure, { where: 'failure' });
  if (packed.byteLength <= RECORDED_VALUE_BYTES) return packed;
  const { cause, ...rest } = failure;
  const short = cause && thrownData(new Error('text' in cause ? cause.text.slice(0, MOST_TEXT) : cause.message.slice(0, MOST_TEXT)));
  return pack(
    { ...rest, message: rest.message.slice(0, MOST_TEXT), attemptErrors: [], ...(short && { cause: short }) },
    { where: 'failure' },
  );
}

/** How much of the text of a long error is recorded, characters. */
const MOST_TEXT = 10_000;

/** Reads the failure that `reader` has come to; `undefined` if its error is not recorded. */
export function readFailure(reader: GroupReader): ToleratedFailure | undefined {
  if (reader.at === reader.end) return undefined;
  const attempt = reader.number();
  return { attempt, failure: unpack(reader.rest().slice(), { freeze: false }) as RunFault };
}

/** A failure with which the run went on. */
export interface ToleratedFailure {
  readonly attempt: number;
  readonly failure: RunFault;
}

/** A success as it was recorded. One object is filled again and again. */
export interface SuccessFields {
  attempt: number;
  /** Its number in its epoch. */
  node: number;
  sizeBytes: number;
  tookMs: number;
  /** Where the packed result lies in its group; an end of 0 means that it is not there. */
  begin: number;
  end: number;
  /** Where a large result lies; missing where it was in memory alone. */
  file: RecordedFile | undefined;
  /** What is known of the result, if a plan asked for it. */
  facts: ValueFacts | undefined;
  /** When it ended, ms since 1970; 0 where there are no times, as in records of older versions. */
  endedAtMs: number;
  slot: number;
  /** The six phases in order, ms. */
  readonly phases: Float64Array;
}

/** Reads the success that `reader` has come to. */
export function readSuccess(reader: GroupReader, into: SuccessFields): void {
  const first = reader.byte();
  const follows = first & ~(HAS_FACTS | HAS_TIMES);
  into.attempt = reader.number();
  into.node = reader.number();
  into.sizeBytes = reader.number();
  into.tookMs = reader.float();
  into.facts = first & HAS_FACTS ? unpackFacts(reader.bytes(reader.number()).slice()) : undefined;
  into.endedAtMs = 0;
  if (first & HAS_TIMES) readTimes(reader, into);
  into.begin = reader.at;
  into.end = follows === HAS_VALUE ? reader.end : 0;
  into.file = follows === HAS_FILE ? readFile(reader) : undefined;
}

/** Reads the entries of one group. */
export function readEntries(group: Uint8Array, told: EntryReader): void {
  const reader = new GroupReader(group);
  while (reader.next()) {
    const { kind, index } = reader;
    if (kind === KINDS.success) told.success(reader);
    else if (kind === KINDS.node) told.node(index, Buffer.from(reader.rest()).toString());
    else if (kind === KINDS.failure) told.failure(index, readFailure(reader));
    else if (kind === KINDS.grown) told.grown(reader);
    else told.opening(reader);
  }
}

/** Receives the content of a record, in the order in which it was written. */
export interface EntryReader {
  /** `reader` has come to an entry of an opening. */
  opening(reader: GroupReader): void;
  /** The name of a node of this epoch. */
  node(number: number, name: string): void;
  /** `reader` has come to it. */
  success(reader: GroupReader): void;
  /** `reader` has come to functions that the run has added. */
  grown(reader: GroupReader): void;
  /** `tolerated`: if the run went on without the function. */
  failure(index: number, tolerated: ToleratedFailure | undefined): void;
}
