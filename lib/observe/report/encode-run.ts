import { restAfter, type StepwiseWork } from '../../base/index.js';
import { ATTEMPT_OUTCOMES, type ObservedRun } from '../../runner/index.js';
import { encodeColumn, ListEncoder, NameEncoder, SparseEncoder } from './encode-column.js';
import { ErrorEncoder, LineEncoder, shortError } from './encode-texts.js';
import { distances, WaitEncoder } from './encode-waits.js';
import type { EncodedAttempts, EncodedIds, EncodedRun } from './encoded-run.js';
import { REPORT_LIMITS, type ReportLimits } from './report-limits.js';

/** How many functions, of some microseconds each, are encoded in one step. */
const FUNCTIONS_IN_STEP = 256;

/** How many ids share their beginnings with the one before. */
const IDS_IN_BLOCK = 4096;

/**
 * Encodes a run for a report, in steps. Its attempts and the counts of its states are those of the first step. What else changes while the
 * run goes on may be a moment younger; functions that are added meanwhile are not in it.
 */
export function* encodeRun(run: ObservedRun, limits: ReportLimits = REPORT_LIMITS): StepwiseWork<EncodedRun> {
  const { size } = run;
  const { runId, dagId, key, driver, state, progress, notRun, startedAtMs, elapsedMs, version, error } = run;
  const takeAttempts = columnsOf(run);
  const fixed = yield* functionsOf(run, size, limits);
  const attempts = yield* takeAttempts;
  const ids = yield* idsOf(run, size);
  return {
    format: 1,
    ...{ runId, dagId, key, driver, state, progress: { ...progress }, notRun, startedAtMs, elapsedMs, version, size },
    error: error && shortError(error, limits),
    attempts,
    ids,
    ...fixed,
    leftOut: { ...fixed.leftOut, attempts: attempts.first },
  };
}

/** The attempts as they are now. They are copied within the call, as older ones may be dropped at any moment, and encoded in steps. */
function columnsOf(run: ObservedRun): StepwiseWork<EncodedAttempts> {
  const { attempts } = run;
  const { first, count } = attempts;
  const column = (): Float64Array => new Float64Array(count - first);
  const [indices, numbers, nodes, slots, outcomes, ends] = [column(), column(), column(), column(), column(), column()];
  const [waits, fetches, loads, runs, packs, handOvers] = [column(), column(), column(), column(), column(), column()];
  // Written out: a list of the numbers of each row would cost ten times as much.
  attempts.each(first, count, (row, index, attempt, node, slot, outcome, endMs, waitMs, fetchMs, loadMs, runMs, packMs, handOverMs) => {
    const at = row - first;
    indices[at] = index;
    numbers[at] = attempt;
    nodes[at] = node;
    slots[at] = slot;
    outcomes[at] = outcome;
    ends[at] = endMs;
    waits[at] = waitMs;
    fetches[at] = fetchMs;
    loads[at] = loadMs;
    runs[at] = runMs;
    packs[at] = packMs;
    handOvers[at] = handOverMs;
  });
  const columns = [indices, numbers, nodes, slots, outcomes, ends, waits, fetches, loads, runs, packs, handOvers];
  const rest = { first, count, nodes: [...attempts.nodes], outcomes: ATTEMPT_OUTCOMES, totals: [...attempts.totals()] };
  return encodedColumns(rest, columns);
}

function* encodedColumns(rest: Omit<EncodedAttempts, 'columns'>, columns: readonly Float64Array[]): StepwiseWork<EncodedAttempts> {
  const encoded = [];
  for (const column of columns) {
    encoded.push(encodeColumn(column));
    yield* restAfter(column.length);
  }
  return { ...rest, columns: encoded };
}

function* idsOf(run: ObservedRun, size: number): StepwiseWork<readonly EncodedIds[]> {
  const blocks: EncodedIds[] = [];
  for (let from = 0; from < size; from += IDS_IN_BLOCK) {
    const [shared, lengths, rests]: [number[], number[], string[]] = [[], [], []];
    let before = '';
    for (let index = from; index < Math.min(size, from + IDS_IN_BLOCK); index += 1) {
      const id = run.idOf(index);
      let common = 0;
      while (common < id.length && common < before.length && id.charCodeAt(common) === before.charCodeAt(common)) common += 1;
      shared.push(common);
      lengths.push(id.length - common);
      rests.push(id.slice(common));
      before = id;
    }
    blocks.push({ count: rests.length, shared: encodeColumn(shared), lengths: encodeColumn(lengths), rest: rests.join('') });
    yield;
  }
  return blocks;
}

type EncodedFunctions = Pick<
  EncodedRun,
  | 'states'
  | 'attemptOf'
  | 'nodes'
  | 'started'
  | 'sizeBytes'
  | 'isolations'
  | 'codes'
  | 'producers'
  | 'partOf'
  | 'skipped'
  | 'sources'
  | 'waits'
  | 'errors'
  | 'failed'
  | 'lines'
  | 'printed'
  | 'leftOut'
>;

function* functionsOf(run: ObservedRun, size: number, limits: ReportLimits): StepwiseWork<EncodedFunctions> {
  const encoder = new FunctionEncoder(run, size, limits);
  for (let index = 0; index < size; index += 1) {
    encoder.add(index);
    if (index % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  return yield* encoder.encoded();
}

/** What there is of each function. */
class FunctionEncoder {
  readonly #run: ObservedRun;
  readonly #size: number;
  readonly #states = new NameEncoder();
  readonly #nodes = new NameEncoder();
  readonly #isolations = new NameEncoder();
  readonly #codes = new NameEncoder();
  readonly #skipped = new NameEncoder();
  readonly #sources = new NameEncoder();
  readonly #attemptOf: number[] = [];
  readonly #sizeBytes: number[] = [];
  readonly #partOf: number[] = [];
  readonly #started = new SparseEncoder();
  readonly #producers = new ListEncoder();
  readonly #waits: WaitEncoder;
  readonly #errors: ErrorEncoder;
  readonly #lines: LineEncoder;

  constructor(run: ObservedRun, size: number, limits: ReportLimits) {
    this.#run = run;
    this.#size = size;
    this.#waits = new WaitEncoder(limits);
    this.#errors = new ErrorEncoder(limits);
    this.#lines = new LineEncoder(limits);
  }

  add(index: number): void {
    const run = this.#run;
    this.#states.add(run.stateOf(index));
    this.#nodes.add(run.nodeOf(index) ?? '');
    this.#isolations.add(run.isolationOf(index));
    this.#codes.add(run.codeOf(index));
    this.#skipped.add(run.skippedFor(index) ?? '');
    this.#sources.add(run.sourceOf(index) ?? '');
    this.#attemptOf.push(run.attemptOf(index));
    this.#sizeBytes.push(run.sizeBytesOf(index) ?? -1);
    const by = run.partOf(index);
    this.#partOf.push(by !== undefined && by < this.#size ? by : -1);
    const startedMs = run.startedMsOf(index);
    if (startedMs !== undefined) this.#started.add(index, startedMs);
    this.#producers.add(distances(index, run.producersOf(index), this.#size));
    this.#waits.add(run, index, this.#size);
    const error = run.errorOf(index);
    if (error) this.#errors.add(index, error);
    this.#lines.add(index, run.linesOf(index));
  }

  *encoded(): StepwiseWork<EncodedFunctions> {
    const rest = (): Iterable<undefined, void, undefined> => restAfter(this.#size);
    const names = {
      states: this.#states.encoded(),
      nodes: this.#nodes.encoded(),
      skipped: this.#skipped.encoded(),
      sources: this.#sources.encoded(),
    };
    yield* rest();
    const code = { isolations: this.#isolations.encoded(), codes: this.#codes.encoded() };
    yield* rest();
    const numbers = {
      attemptOf: encodeColumn(this.#attemptOf),
      sizeBytes: encodeColumn(this.#sizeBytes),
      started: this.#started.encoded(),
      partOf: encodeColumn(this.#partOf),
    };
    yield* rest();
    const producers = this.#producers.encoded();
    yield* rest();
    const waits = this.#waits.encoded();
    yield* rest();
    return {
      ...{ ...names, ...code, ...numbers, producers, waits },
      ...{ errors: this.#errors.errors, failed: this.#errors.encoded(), lines: this.#lines.lines, printed: this.#lines.encoded() },
      leftOut: { attempts: 0, errors: this.#errors.leftOut, lines: this.#lines.leftOut, waits: this.#waits.leftOut },
    };
  }
}
