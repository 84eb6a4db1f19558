/** How an attempt ended. */
export const ATTEMPT_OUTCOMES = ['succeeded', 'failed', 'timed-out', 'cancelled', 'lost'] as const;
/** How an attempt ended. */
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/**
 * How long each part of an attempt took, ms. Together they are the time from when the function was ready until the driver had the end of
 * the attempt, by the driver's clock; no two machines' clocks are compared.
 */
export interface Phases {
  /** Ready until asked for, on the driver, and queued at its node. */
  readonly waitMs: number;
  /** Arguments gathered from other nodes and files. */
  readonly fetchMs: number;
  /** Module loaded, arguments unpacked. */
  readonly loadMs: number;
  /** The function itself. */
  readonly runMs: number;
  /** Result checked and packed. */
  readonly packMs: number;
  /** The rest: the wire, the thread, the event loop. At least 0. */
  readonly handOverMs: number;
}

/** One attempt that is over. Times are ms since the run started, by the driver's clock. */
export interface AttemptRow {
  /** The index of the function in the plan. */
  readonly index: number;
  /** Counts from 1. */
  readonly attempt: number;
  readonly node: string;
  /** The slot of its isolation that it had on its node, counted from 0. */
  readonly slot: number;
  readonly outcome: AttemptOutcome;
  /** When the driver had its end. `endMs` less all phases is when the function was ready. */
  readonly endMs: number;
  readonly phases: Phases;
}

/** The attempts of a group that are no longer kept one by one. */
export interface AttemptTotals {
  readonly group: string;
  readonly attempts: number;
  readonly outcomes: Readonly<Record<AttemptOutcome, number>>;
  readonly phases: Phases;
}

/** The attempts of a run that are over: the last of them one by one, older ones as totals by group. */
export interface AttemptHistory {
  /** How many there have been. Rows are numbered from 0 in the order of their ends; those before `first` are in `totals` only. */
  readonly count: number;
  readonly first: number;
  /** Calls `see` with each row of `from` up to `to`, without making an object of it. */
  each(from: number, to: number, see: SeeAttempt): void;
  row(number: number): AttemptRow;
  totals(): readonly AttemptTotals[];
  /** The names of nodes, by the number that `each` gives. */
  readonly nodes: readonly string[];
}

/** Sees the columns of one attempt. `outcome` is an index into `ATTEMPT_OUTCOMES`, `node` one into `nodes`. */
export type SeeAttempt = (
  row: number,
  index: number,
  attempt: number,
  node: number,
  slot: number,
  outcome: number,
  endMs: number,
  waitMs: number,
  fetchMs: number,
  loadMs: number,
  runMs: number,
  packMs: number,
  handOverMs: number,
) => void;
