import { type Clock, doUnattended, HandoffError, type StepwiseWork } from '../../base/index.js';
import { consumerOf, firstEdge, NO_EDGE, nextEdge, type PlanShape, type RunPlan } from '../../dag/index.js';
import type { Progress } from '../brain/messages.js';
import { progressOf } from '../brain/progress.js';
import { RESULT_SOURCES, type RunState } from '../brain/run-state.js';
import type { AttemptHistory } from './attempt-history.js';
import { CodeWords, codeWord } from './code-words.js';
import { FunctionErrors } from './function-errors.js';
import { type WaitsOf, waitOf } from './function-waits.js';
import { observedErrorOf } from './observed-error.js';
import type { NotRun, ObservedError, ObservedLine, ObservedRun, ObservedRunState, ObservedWait } from './observed-run.js';

/** How many lines of one function are listed. */
const MOST_LINES = 500;

/** While functions wait for room, what they lack may change at any moment: they are looked at anew so often, ms. */
const LOOKED_AT_EACH_MS = 1000;

/** Of all runs without errors, and without maps and expansions. */
const [NO_ERRORS, NO_SIZES] = [new Map<number, ObservedError>(), new Map<number, number>()];

/**
 * A run of this node, as it may be looked at. While it goes on, everything is read from its tables, and nothing is done before
 * the first look. Once it has ended it keeps what can be seen of it, and none of its values, handles, functions and errors.
 */
export class ObservedDagRun implements ObservedRun {
  readonly runId: string;
  readonly dagId: string;
  readonly key: string | undefined;
  readonly driver: string;
  readonly attempts: AttemptHistory;
  readonly #shape: PlanShape;
  readonly #states: RunState['states'];
  readonly #nodes: RunState['nodes'];
  #live: LiveRun | undefined;
  #ended: EndedRunParts | undefined;
  #startedAtMs: number | undefined;
  #errors: FunctionErrors | undefined;
  /** How often what functions lack may have changed unseen, and when it was last taken as changed. */
  #looks = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(live: LiveRun) {
    const { state, plan, key, driver, attempts } = live;
    this.runId = state.runId;
    this.dagId = plan.dagId;
    this.key = key;
    this.driver = driver;
    this.attempts = attempts;
    this.#shape = state.plan;
    this.#states = state.states;
    this.#nodes = state.nodes;
    this.#live = live;
  }

  get state(): ObservedRunState {
    return this.#ended?.state ?? 'running';
  }

  get progress(): Progress {
    return this.#ended?.progress ?? progressOf(this.#live!.state);
  }

  get notRun(): NotRun {
    const { notRun } = this.#ended ?? this.#live!.state;
    return { journal: notRun[1], cache: notRun[2] };
  }

  get startedAtMs(): number {
    if (this.#startedAtMs !== undefined) return this.#startedAtMs;
    const { clock, state } = this.#live!;
    if (state.phase === 'new') return clock.wallNow();
    this.#startedAtMs = clock.wallNow() - (clock.now() - state.startedMs);
    return this.#startedAtMs;
  }

  get elapsedMs(): number {
    if (this.#ended) return this.#ended.elapsedMs;
    const { clock, state } = this.#live!;
    return state.phase === 'new' ? 0 : clock.now() - state.startedMs;
  }

  get version(): number {
    if (this.#ended) return this.#ended.version;
    const { state, clock, changes, lines } = this.#live!;
    const nowMs = clock.now();
    if (state.counts.ready > 0 && nowMs - this.#lookedAtMs >= LOOKED_AT_EACH_MS) {
      this.#looks += 1;
      this.#lookedAtMs = nowMs;
    }
    return changes + (lines?.count ?? 0) + this.#looks;
  }

  get error(): ObservedError | undefined {
    return this.#ended?.error;
  }

  get size(): number {
    return this.#shape.size;
  }

  /** How much it takes of what all ended runs may keep. */
  get weight(): number {
    const lines = this.#ended?.lines;
    return this.size + (this.attempts.count - this.attempts.first) + (lines ? lines.count - lines.first : 0);
  }

  idOf(index: number): string {
    return this.#shape.ids[index]!;
  }

  indexOf(functionId: string): number | undefined {
    if (this.#live) return this.#live.plan.indexOf.get(functionId);
    const index = this.#shape.ids.indexOf(functionId);
    return index < 0 ? undefined : index;
  }

  stateOf(index: number): ReturnType<ObservedRun['stateOf']> {
    return this.#states[index]!;
  }

  attemptOf(index: number): number {
    return (this.#live?.state ?? this.#ended!.tables!).attempts[index]!;
  }

  nodeOf(index: number): string | undefined {
    return this.#nodes[index];
  }

  startedMsOf(index: number): number | undefined {
    if (this.#states[index] !== 'running' || !this.#live) return undefined;
    // An attempt that was taken over from an earlier driver was asked for before this run began.
    return Math.max(0, this.#live.askedMs[index]! - this.#live.state.startedMs);
  }

  isolationOf(index: number): string {
    return this.#ended?.words?.isolationOf(index) ?? this.#live!.plan.isolation[index]!;
  }

  codeOf(index: number): string {
    return this.#ended?.words?.codeOf(index) ?? codeWord(this.#live!.plan.specs[index]!);
  }

  producersOf(index: number): readonly number[] {
    const { producersStart, producers } = this.#shape;
    const found: number[] = [];
    for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) found.push(producers[at]!);
    return found;
  }

  consumersOf(index: number): readonly number[] {
    const found: number[] = [];
    const shape = this.#shape;
    for (let edge = firstEdge(shape, index); edge !== NO_EDGE; edge = nextEdge(shape, index, edge)) found.push(consumerOf(shape, edge));
    return found;
  }

  partOf(index: number): number | undefined {
    const by = this.#shape.added?.parentOf[index] ?? -1;
    return by < 0 ? undefined : by;
  }

  sizeBytesOf(index: number): number | undefined {
    if (this.#states[index] !== 'succeeded') return undefined;
    if (!this.#live) return this.#ended!.tables!.composites.get(index) ?? this.#ended!.tables!.sizes[index]!;
    return this.#live.state.growth?.composites.get(index)?.sizeBytes ?? this.#live.sizes[index]!;
  }

  sourceOf(index: number): ReturnType<ObservedRun['sourceOf']> {
    if (this.#states[index] !== 'succeeded') return undefined;
    return RESULT_SOURCES[(this.#live?.state ?? this.#ended!.tables!).sources[index]!];
  }

  errorOf(index: number): ObservedError | undefined {
    if (!this.#live) return this.#ended!.errors!.get(index);
    this.#errors ??= new FunctionErrors();
    return this.#errors.of(this.#live.state, index);
  }

  skippedFor(index: number): 'not-taken' | 'producer-failed' | undefined {
    if (this.#states[index] !== 'skipped') return undefined;
    return (this.#live?.state ?? this.#ended!.tables!).absent.has(index) ? 'not-taken' : 'producer-failed';
  }

  waitOf(index: number): ObservedWait | undefined {
    return this.#live && !this.#ended ? waitOf(this.#waits(this.#live), index) : undefined;
  }

  linesOf(index: number): readonly ObservedLine[] {
    const { lines } = this.#ended ?? this.#live!;
    const found: ObservedLine[] = [];
    if (!lines) return found;
    const id = this.idOf(index);
    const { startedAtMs } = this;
    for (let number = lines.count - 1; number >= lines.first && found.length < MOST_LINES; number -= 1) {
      const kept = lines.at(number);
      if (kept?.functionId !== id) continue;
      const { attempt, node, stream, atMs, line } = kept;
      found.push({ attempt, node, stream, atMs: Math.max(0, atMs - startedAtMs), line });
    }
    return found.reverse();
  }

  /** The run has ended, with `error` if it failed. What is kept of it is taken out of its tables, in turns if it is large. */
  end(error: HandoffError | undefined): void {
    if (this.#ended || !this.#live) return;
    const { version, progress, startedAtMs, elapsedMs } = this;
    this.#startedAtMs = startedAtMs;
    this.#ended = {
      state: endedState(error),
      error: error && observedErrorOf(error),
      version: version + 1,
      progress,
      notRun: this.#live.state.notRun,
      elapsedMs,
      lines: this.#live.lines,
      tables: undefined,
      errors: undefined,
      words: undefined,
    };
    doUnattended(this.#takeOut(this.#live, this.#ended));
  }

  *#takeOut({ plan, state, sizes }: LiveRun, ended: EndedRunParts): StepwiseWork<void> {
    const words = new CodeWords(plan.isolation, this.size);
    yield* words.take(plan.specs);
    const { attemptErrors, failed, tolerated, growth } = state;
    const hasErrors = attemptErrors.size + failed.length + tolerated.length > 0;
    const errors = hasErrors ? yield* (this.#errors ?? new FunctionErrors()).all(state) : NO_ERRORS;
    const composites = growth ? new Map<number, number>() : NO_SIZES;
    for (const [index, { sizeBytes }] of growth?.composites ?? []) composites.set(index, sizeBytes);
    ended.tables = { attempts: state.attempts, sizes, sources: state.sources, absent: state.absent, composites };
    ended.words = words;
    ended.errors = errors;
    this.#live = undefined;
    this.#errors = undefined;
  }

  #waits(live: LiveRun): WaitsOf {
    const { state, maxConcurrency } = live;
    return {
      state,
      maxConcurrency,
      readyMs: (index) => live.readyMs[index]!,
      lastEndMs: (index) => this.#lastEndMs(index),
      lackingFor: (index) => live.lackingFor(index),
      lackingThere: (index) => live.lackingThere(index),
      missedNode: (index) => live.missedNode(index),
    };
  }

  #lastEndMs(index: number): number {
    const row = this.#live!.rows[index]!;
    return row >= this.attempts.first ? this.attempts.row(row).endMs : 0;
  }
}

function endedState(error: HandoffError | undefined): ObservedRunState {
  if (!error) return 'completed';
  return HandoffError.is(error, 'HANDOFF_RUN_CANCELLED') ? 'cancelled' : 'failed';
}

/** What has an entry for each function, or for some. */
interface SeenTables {
  readonly attempts: Int32Array;
  readonly sizes: Float64Array;
  readonly sources: Uint8Array;
  readonly absent: ReadonlySet<number>;
  /** The sizes of what maps and expansions give. */
  readonly composites: ReadonlyMap<number, number>;
}

/** What is left of a run that has ended. */
interface EndedRunParts {
  readonly state: ObservedRunState;
  readonly error: ObservedError | undefined;
  readonly version: number;
  readonly progress: Progress;
  readonly notRun: RunState['notRun'];
  readonly elapsedMs: number;
  readonly lines: LineList | undefined;
  /** `undefined` until everything has been taken out of the tables of the run. */
  tables: SeenTables | undefined;
  errors: ReadonlyMap<number, ObservedError> | undefined;
  words: CodeWords | undefined;
}

/** The lines that the functions of a run have written, numbered in order. */
export interface LineList {
  /** The number of the oldest that is kept, and the one after the last. */
  readonly first: number;
  readonly count: number;
  at(number: number): (ObservedLine & { readonly functionId: string }) | undefined;
}

/** The tables of a run that goes on. Columns are replaced as a run grows, so they are asked for each time. */
export interface LiveRun {
  readonly state: RunState;
  readonly plan: RunPlan;
  readonly key: string | undefined;
  readonly driver: string;
  readonly clock: Clock;
  readonly attempts: AttemptHistory;
  readonly maxConcurrency: number;
  /** Grows with each change of the state. */
  readonly changes: number;
  readonly sizes: Float64Array;
  readonly readyMs: Float64Array;
  readonly askedMs: Float64Array;
  /** By function, the row of its last attempt that is over, or -1. */
  readonly rows: Int32Array;
  readonly lines: LineList | undefined;
  lackingFor(index: number): ObservedWait['lacking'];
  lackingThere(index: number): ReturnType<WaitsOf['lackingThere']>;
  missedNode(index: number): ReturnType<WaitsOf['missedNode']>;
}
