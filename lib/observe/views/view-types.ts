import type { AttemptOutcome, NotRun, ObservedError, ObservedLine, ObservedRunState, Phases, Progress } from '../../runner/index.js';

// What a page, a report or a command may ask of one run, and what it is answered: plain JSON. Every answer is bounded, whatever the size of
// the run: at most some thousand entries. The same functions answer on the driver and, for a report, in the browser.

/** A question about one run, by the `view` that answers it. */
export type ViewRequest =
  | { readonly view: 'groups' }
  | TimelineRequest
  | FunctionsRequest
  | { readonly view: 'function'; readonly functionId: string }
  | GraphRequest
  | { readonly view: 'summary' };

/** The answers, by view. */
export interface ViewAnswers {
  readonly groups: GroupsView;
  readonly timeline: TimelineView;
  readonly functions: FunctionsView;
  readonly function: FunctionView;
  readonly graph: GraphView;
  readonly summary: SummaryView;
}

/** What every view of a run begins with. */
export interface RunHeader {
  readonly runId: string;
  readonly dagId: string;
  readonly key?: string | undefined;
  readonly driver: string;
  readonly state: ObservedRunState;
  readonly progress: Progress;
  /** How many functions have succeeded without running; missing if all that have succeeded ran. */
  readonly notRun?: NotRun | undefined;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  /** Equal versions mean equal answers, but for `elapsedMs`. */
  readonly version: number;
  readonly error?: ObservedError | undefined;
}

/** The states that pages tell apart. `ready` has a claim or asks for one; `resting` waits for its next attempt. */
export type ShownState = 'waiting' | 'ready' | 'running' | 'resting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/** How many functions are in each state. */
export type StateCounts = Readonly<Record<ShownState, number>>;

/** The functions of a run by group: ids that differ in digits only. */
export interface GroupsView {
  readonly run: RunHeader;
  /** In the order of their first function; at most 500. */
  readonly groups: readonly GroupRow[];
  /** How many groups are left out, and the functions in them. */
  readonly more: { readonly groups: number; readonly counts: StateCounts };
}

/** One group. */
export interface GroupRow {
  readonly group: string;
  readonly total: number;
  readonly counts: StateCounts;
  /** How many of its attempts are over, and what they were made of. */
  readonly attempts: number;
  readonly phases: Phases;
}

/** Asks for the part of the timeline between two times, ms since the run started, as wide as so many pixels. */
export interface TimelineRequest {
  readonly view: 'timeline';
  readonly fromMs: number;
  readonly toMs: number;
  readonly widthPx: number;
  /** The rows whose bars are wanted, by number, up to `toRow` exclusive: fewer rows get more detail. All by default. */
  readonly fromRow?: number | undefined;
  readonly toRow?: number | undefined;
}

/**
 * Attempts by node and slot. Those that would be narrower than a pixel are merged; failed and lost ones are not, unless there are more than
 * 2,000 of them.
 */
export interface TimelineView {
  readonly run: RunHeader;
  /** The rows from the top, by node and slot; at most 400. */
  readonly rows: readonly { readonly node: string; readonly isolation: string; readonly slot: number }[];
  readonly moreRows: number;
  /** The names of groups, by number, and how many attempts of each are in the part, merged ones included. */
  readonly groups: readonly string[];
  readonly counts: readonly number[];
  /** The single bars, in columns of equal length; at most 6,000. */
  readonly bars: TimelineBars;
  /** Runs of bars that are too narrow, in columns: how much of the time they fill, 0 to 1, and the group that fills most of it. */
  readonly merged: {
    readonly row: readonly number[];
    readonly startMs: readonly number[];
    readonly endMs: readonly number[];
    readonly group: readonly number[];
    readonly count: readonly number[];
    readonly filled: readonly number[];
    /** Whether a failed or lost one is among them. */
    readonly hasFailure: readonly boolean[];
  };
  /** Attempts that run now: their row, function and start. Slots of other nodes are not known before the end: -1 as row. */
  readonly running: readonly {
    readonly row: number;
    readonly functionId: string;
    readonly group: number;
    readonly attempt: number;
    readonly node: string;
    readonly startMs: number;
  }[];
  /** How many attempts are no longer kept one by one. */
  readonly leftOut: number;
}

/** Single attempts in columns. A bar begins with its fetch phase, after the first half of what was handed over. */
export interface TimelineBars {
  readonly row: readonly number[];
  readonly functionId: readonly string[];
  readonly group: readonly number[];
  readonly attempt: readonly number[];
  /** Indices into `ATTEMPT_OUTCOMES`. */
  readonly outcome: readonly number[];
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
  readonly waitMs: readonly number[];
  readonly fetchMs: readonly number[];
  readonly loadMs: readonly number[];
  readonly runMs: readonly number[];
  readonly packMs: readonly number[];
  readonly handOverMs: readonly number[];
}

/** Asks for a page of the table of functions. */
export interface FunctionsRequest {
  readonly view: 'functions';
  readonly state?: ShownState | undefined;
  readonly group?: string | undefined;
  /** A part of the id. */
  readonly search?: string | undefined;
  readonly sort: 'order' | 'id' | 'state' | 'start' | 'wait' | 'duration' | 'size' | 'attempts';
  readonly descending?: boolean | undefined;
  readonly offset: number;
  /** At most 500. */
  readonly limit: number;
}

/** A page of the table of functions. */
export interface FunctionsView {
  readonly run: RunHeader;
  /** How many match. */
  readonly matching: number;
  readonly functions: readonly FunctionRow[];
}

/** One function in the table. What is not known is missing. */
export interface FunctionRow {
  readonly functionId: string;
  readonly group: string;
  readonly state: ShownState;
  readonly attempts: number;
  readonly node?: string | undefined;
  /** When its last attempt was asked for. */
  readonly startMs?: number | undefined;
  readonly waitMs?: number | undefined;
  /** From asked for to its end. */
  readonly durationMs?: number | undefined;
  readonly sizeBytes?: number | undefined;
  /** Where the result of one is from that did not run. */
  readonly source?: keyof NotRun | undefined;
}

/** All about one function; `function` is missing if there is none of that id. */
export interface FunctionView {
  readonly run: RunHeader;
  readonly function?: FunctionDetail | undefined;
}

/** All about one function. */
export interface FunctionDetail extends FunctionRow {
  readonly code: string;
  readonly isolation: string;
  /** The map or the expansion that added it. */
  readonly partOf?: LinkedFunction | undefined;
  readonly skippedFor?: 'not-taken' | 'producer-failed' | undefined;
  readonly error?: ObservedError | undefined;
  /** Its attempts that are over and kept, oldest first; at most the last 100. */
  readonly history: readonly AttemptDetail[];
  /** Each with its state; at most 200, and how many more. */
  readonly producers: readonly LinkedFunction[];
  readonly moreProducers: number;
  readonly consumers: readonly LinkedFunction[];
  readonly moreConsumers: number;
  readonly wait?: WaitDetail | undefined;
  readonly lines: readonly ObservedLine[];
}

/** Another function, as a link. */
export interface LinkedFunction {
  readonly functionId: string;
  readonly state: ShownState;
}

/** One attempt that is over. */
export interface AttemptDetail {
  readonly attempt: number;
  readonly node: string;
  readonly isolation: string;
  readonly slot: number;
  readonly outcome: AttemptOutcome;
  readonly startMs: number;
  readonly endMs: number;
  readonly phases: Phases;
}

/** Why a function waits. */
export interface WaitDetail {
  readonly for: 'producers' | 'room' | 'delay' | 'node' | 'bound';
  readonly sinceMs: number;
  readonly forMs: number;
  /** The node whose return it waits for. */
  readonly node?: string | undefined;
  readonly untilMs?: number | undefined;
  readonly producers: readonly LinkedFunction[];
  readonly lacking: readonly { readonly node: string; readonly lacking: Readonly<Record<string, number>> }[];
}

/** Asks for the graph. Beyond 500 functions, groups are folded but for those in `unfolded` (at most 500 functions in all). */
export interface GraphRequest {
  readonly view: 'graph';
  readonly unfolded?: readonly string[] | undefined;
}

/** Functions, or groups of them, and how values go. */
export interface GraphView {
  readonly run: RunHeader;
  readonly nodes: readonly GraphNode[];
  /** Each from a producer to a consumer, as indices into `nodes`, with the number of edges it stands for. */
  readonly edges: readonly (readonly [from: number, to: number, count: number])[];
  readonly isFolded: boolean;
  /** Equal layouts mean equal nodes and edges, whatever their states. */
  readonly layout: string;
  /** How many functions are left out, and how many of the edges between the nodes; at most 5,000 edges are shown. */
  readonly more: number;
  readonly moreEdges: number;
}

/** A function, or a group of functions. */
export interface GraphNode {
  /** The id of the function, or the name of the group. */
  readonly label: string;
  readonly isGroup: boolean;
  readonly total: number;
  readonly counts: StateCounts;
}

/** Where the time of a run went. */
export interface SummaryView {
  readonly run: RunHeader;
  readonly functions: number;
  readonly attempts: number;
  readonly outcomes: Readonly<Record<AttemptOutcome, number>>;
  readonly phases: Phases;
  /** By node, how much of the run its slots in use worked and were idle. */
  readonly nodes: readonly NodeWork[];
  /** Bytes of results, and of those needed on other nodes than the one that made them: once for each such node. */
  readonly resultBytes: number;
  readonly movedBytes: number;
  /**
   * The chain of functions that the end waited for: back from the function that ended last, each time to the producer that ended last. The
   * last 200 of them, the first one first, and how many more come before.
   */
  readonly criticalPath: readonly CriticalStep[];
  readonly moreCritical: number;
  /** What the critical path was made of. */
  readonly criticalPhases: Phases;
  /** The groups that took most time without waiting, at most 20. */
  readonly slowest: readonly GroupRow[];
  /** The functions that failed, at most 100, and how many more. */
  readonly failures: readonly { readonly functionId: string; readonly error: ObservedError }[];
  readonly moreFailures: number;
  /** How many attempts are no longer kept one by one. */
  readonly leftOut: number;
}

/** What one node did. */
export interface NodeWork {
  readonly node: string;
  readonly attempts: number;
  readonly slots: number;
  /** The sum of what its slots worked, ms: fetching, loading, running and packing. */
  readonly workMs: number;
  /** The sum of what they did not, between its first and its last attempt. */
  readonly idleMs: number;
  readonly failed: number;
}

/** One function on the critical path. */
export interface CriticalStep {
  readonly functionId: string;
  readonly node: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly phases: Phases;
}
