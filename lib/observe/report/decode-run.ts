import type {
  AttemptHistory,
  NotRun,
  ObservedError,
  ObservedLine,
  ObservedRun,
  ObservedRunState,
  ObservedWait,
  Progress,
} from '../../runner/index.js';
import { ReportedAttempts } from './decode-attempts.js';
import { DecodedLists, decodeColumn, decodeNames, decodeSparse } from './decode-column.js';
import { DecodedWaits } from './decode-waits.js';
import type { EncodedIds, EncodedRun } from './encoded-run.js';

/** Decodes the run of a report, so that the views that answer on a driver answer in a browser. Nothing here is of Node. */
export const decodeRun = (encoded: EncodedRun): ObservedRun => new ReportedRun(encoded);

/** A run as a report has it. */
class ReportedRun implements ObservedRun {
  readonly runId: string;
  readonly dagId: string;
  readonly key: string | undefined;
  readonly driver: string;
  readonly state: ObservedRunState;
  readonly progress: Progress;
  readonly notRun: NotRun;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly version: number;
  readonly error: ObservedError | undefined;
  readonly size: number;
  readonly attempts: AttemptHistory;
  readonly #encoded: EncodedRun;
  readonly #ids: readonly string[];
  readonly #states: (index: number) => string;
  readonly #attemptOf: ArrayLike<number>;
  readonly #nodes: (index: number) => string;
  readonly #started: ReadonlyMap<number, number>;
  readonly #isolations: (index: number) => string;
  readonly #codes: (index: number) => string;
  readonly #skipped: (index: number) => string;
  readonly #sources: (index: number) => string;
  readonly #sizes: ArrayLike<number>;
  readonly #producers: DecodedLists;
  readonly #partOf: ArrayLike<number>;
  readonly #failed: ReadonlyMap<number, number>;
  readonly #printed: ReadonlyMap<number, number>;
  readonly #waits: DecodedWaits;
  #places: ReadonlyMap<string, number> | undefined;
  #consumers: readonly (readonly number[])[] | undefined;

  constructor(encoded: EncodedRun) {
    this.#encoded = encoded;
    this.runId = encoded.runId;
    this.dagId = encoded.dagId;
    this.key = encoded.key;
    this.driver = encoded.driver;
    this.state = encoded.state;
    this.progress = encoded.progress;
    this.notRun = encoded.notRun;
    this.startedAtMs = encoded.startedAtMs;
    this.elapsedMs = encoded.elapsedMs;
    this.version = encoded.version;
    this.error = encoded.error;
    this.size = encoded.size;
    this.attempts = new ReportedAttempts(encoded.attempts);
    this.#ids = encoded.ids.flatMap(idsIn);
    this.#states = decodeNames(encoded.states, this.size);
    this.#attemptOf = decodeColumn(encoded.attemptOf, this.size);
    this.#nodes = decodeNames(encoded.nodes, this.size);
    this.#started = decodeSparse(encoded.started);
    this.#isolations = decodeNames(encoded.isolations, this.size);
    this.#codes = decodeNames(encoded.codes, this.size);
    this.#skipped = decodeNames(encoded.skipped, this.size);
    this.#sources = decodeNames(encoded.sources, this.size);
    this.#sizes = decodeColumn(encoded.sizeBytes, this.size);
    this.#producers = new DecodedLists(encoded.producers, this.size);
    this.#partOf = decodeColumn(encoded.partOf, this.size);
    this.#failed = decodeSparse(encoded.failed);
    this.#printed = decodeSparse(encoded.printed);
    this.#waits = new DecodedWaits(encoded.waits);
  }

  idOf(index: number): string {
    return this.#ids[index]!;
  }

  indexOf(functionId: string): number | undefined {
    this.#places ??= new Map(this.#ids.map((id, index) => [id, index]));
    return this.#places.get(functionId);
  }

  stateOf(index: number): ReturnType<ObservedRun['stateOf']> {
    return this.#states(index) as ReturnType<ObservedRun['stateOf']>;
  }

  attemptOf(index: number): number {
    return this.#attemptOf[index]!;
  }

  nodeOf(index: number): string | undefined {
    return this.#nodes(index) || undefined;
  }

  startedMsOf(index: number): number | undefined {
    return this.#started.get(index);
  }

  isolationOf(index: number): string {
    return this.#isolations(index);
  }

  codeOf(index: number): string {
    return this.#codes(index);
  }

  producersOf(index: number): readonly number[] {
    return this.#producers.listOf(index).map((distance) => index - distance);
  }

  consumersOf(index: number): readonly number[] {
    this.#consumers ??= this.#allConsumers();
    return this.#consumers[index]!;
  }

  partOf(index: number): number | undefined {
    const by = this.#partOf[index]!;
    return by < 0 ? undefined : by;
  }

  sizeBytesOf(index: number): number | undefined {
    const bytes = this.#sizes[index]!;
    return bytes < 0 ? undefined : bytes;
  }

  sourceOf(index: number): ReturnType<ObservedRun['sourceOf']> {
    return (this.#sources(index) || undefined) as ReturnType<ObservedRun['sourceOf']>;
  }

  errorOf(index: number): ObservedError | undefined {
    const place = this.#failed.get(index);
    return place === undefined ? undefined : (this.#encoded.errors[place] ?? LEFT_OUT);
  }

  skippedFor(index: number): ReturnType<ObservedRun['skippedFor']> {
    const reason = this.#skipped(index);
    return reason === '' ? undefined : (reason as ReturnType<ObservedRun['skippedFor']>);
  }

  waitOf(index: number): ObservedWait | undefined {
    return this.#waits.waitOf(index);
  }

  linesOf(index: number): readonly ObservedLine[] {
    const place = this.#printed.get(index);
    return place === undefined ? [] : this.#encoded.lines[place]!;
  }

  #allConsumers(): readonly (readonly number[])[] {
    const consumers = Array.from({ length: this.size }, (): number[] => []);
    for (let index = 0; index < this.size; index += 1) for (const producer of this.producersOf(index)) consumers[producer]!.push(index);
    return consumers;
  }
}

/** Stands for the error of a function that is one of too many different ones. */
const LEFT_OUT: ObservedError = { name: 'Error', message: 'left out of this report, which has only so many different errors' };

function idsIn({ count, shared, lengths, rest }: EncodedIds): string[] {
  const [sharedBy, lengthOf] = [decodeColumn(shared, count), decodeColumn(lengths, count)];
  const ids: string[] = [];
  let [before, used] = ['', 0];
  for (let at = 0; at < count; at += 1) {
    before = before.slice(0, sharedBy[at]!) + rest.slice(used, used + lengthOf[at]!);
    used += lengthOf[at]!;
    ids.push(before);
  }
  return ids;
}
