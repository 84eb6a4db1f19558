import type { AttemptOutcome, AttemptTotals, NotRun, ObservedError, ObservedLine, ObservedRunState, Progress } from '../../runner/index.js';

/**
 * A column of numbers as text: base64 of variable-length integers, of float32 or of float64, whichever keeps every number as it is. A
 * number stands for a column in which all are the same.
 */
export type EncodedColumn = number | { readonly as: 'integers' | 'float32' | 'float64'; readonly base64: string };

/** Lists of numbers, one for each function: how long each is, and the numbers of all in one column. */
export interface EncodedLists {
  readonly lengths: EncodedColumn;
  readonly count: number;
  readonly items: EncodedColumn;
}

/** Texts that many functions share: each once, and which of them each function has. */
export interface EncodedNames {
  readonly names: readonly string[];
  readonly of: EncodedColumn;
}

/** The ids of some functions. Each shares the beginning of the one before; `rest` has what follows it, one after the other. */
export interface EncodedIds {
  readonly count: number;
  readonly shared: EncodedColumn;
  readonly lengths: EncodedColumn;
  readonly rest: string;
}

/** A number that few functions have: the functions, in order, and the number of each. Often it is a place in a list. */
export interface EncodedSparse {
  readonly count: number;
  readonly functions: EncodedColumn;
  readonly numbers: EncodedColumn;
}

/** The attempts of a run: a column for each number of `SeeAttempt`. */
export interface EncodedAttempts {
  readonly first: number;
  readonly count: number;
  readonly nodes: readonly string[];
  /** What the numbers of outcomes mean. */
  readonly outcomes: readonly AttemptOutcome[];
  readonly totals: readonly AttemptTotals[];
  readonly columns: readonly EncodedColumn[];
}

/** What functions wait for, in columns over those that wait. An `untilMs` of -1 means that there is none. */
export interface EncodedWaits {
  readonly count: number;
  readonly functions: EncodedColumn;
  readonly kinds: EncodedNames;
  readonly sinceMs: EncodedColumn;
  readonly hasUntil: EncodedColumn;
  readonly untilMs: EncodedColumn;
  /** Whose return is waited for; empty: that of no certain node. */
  readonly nodes: EncodedNames;
  readonly producers: EncodedLists;
  /** Each different one once, as JSON. */
  readonly lacking: EncodedNames;
}

/** What a report leaves out of a run, so that the file stays of a size that can be mailed. All 0: nothing. */
export interface LeftOut {
  /** Attempts that the run itself has as totals only. */
  readonly attempts: number;
  /** Functions whose error is one of too many different ones. */
  readonly errors: number;
  readonly lines: number;
  /** Producers that waiting functions wait for, beyond the first million. */
  readonly waits: number;
}

/**
 * An `ObservedRun` as JSON. Ids share prefixes, edges are distances, numbers are columns, and what is equal is written once: 10,000
 * functions with 10,000 attempts are some 600 KiB.
 */
export interface EncodedRun {
  readonly format: 1;
  readonly runId: string;
  readonly dagId: string;
  readonly key?: string | undefined;
  readonly driver: string;
  readonly state: ObservedRunState;
  readonly progress: Progress;
  readonly notRun: NotRun;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly version: number;
  readonly error?: ObservedError | undefined;
  readonly size: number;
  readonly attempts: EncodedAttempts;
  readonly states: EncodedNames;
  readonly attemptOf: EncodedColumn;
  /** An empty name: it was placed nowhere. */
  readonly nodes: EncodedNames;
  /** `startedMs` of those that run. */
  readonly started: EncodedSparse;
  /** -1: there is none. */
  readonly sizeBytes: EncodedColumn;
  readonly ids: readonly EncodedIds[];
  readonly isolations: EncodedNames;
  readonly codes: EncodedNames;
  /** The distance from each producer to its consumer. */
  readonly producers: EncodedLists;
  /** The map or expansion that added a function, as an index; -1: it is of the DAG itself. */
  readonly partOf: EncodedColumn;
  readonly skipped: EncodedNames;
  /** Where results are from; an empty name: there is none. */
  readonly sources: EncodedNames;
  readonly waits: EncodedWaits;
  readonly errors: readonly ObservedError[];
  readonly failed: EncodedSparse;
  readonly lines: readonly (readonly ObservedLine[])[];
  readonly printed: EncodedSparse;
  readonly leftOut: LeftOut;
}
