// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun, Phases, SeeAttempt } from '../../runner/index.js';
import { type RunIndex, rounded } from './run-index.js';
import type { CriticalStep } from './view-types.js';

/** How many functions of the path are listed. */
const MOST_STEPS = 200;

/** How many functions or producers are looked at in one step. */
const LOOKED_AT_IN_STEP = 4096;

/** The chain of functions that the end of a run waited for. */
export interface CriticalPath {
  readonly steps: readonly CriticalStep[];
  readonly more: number;
  readonly phases: Phases;
}

interface KnownPath {
  readonly count: number;
  readonly path: CriticalPath;
}

const paths = new WeakMap<RunIndex, KnownPath>();

/**
 * Walks back from the success that came last, each time to the producer that ended last. In steps; made again only when an attempt more is
 * over.
 */
export function* criticalPathOf(run: ObservedRun, index: RunIndex): StepwiseWork<CriticalPath> {
  const known = paths.get(index);
  const { rowsTo: count } = index;
  if (known?.count === count) return known.path;
  const rows: number[] = [];
  let more = 0;
  const sums = [0, 0, 0, 0, 0, 0];
  const add: SeeAttempt = (_r, _i, _a, _n, _s, _o, _e, ...phases) => {
    for (const [phase, ms] of phases.entries()) sums[phase]! += ms;
  };
  let left = LOOKED_AT_IN_STEP;
  for (let row = lastSuccessOf(run, index); row >= run.attempts.first; ) {
    if (rows.length < MOST_STEPS) rows.push(row);
    else more += 1;
    run.attempts.each(row, row + 1, add);
    const at = index.fn[row - index.base]!;
    const producers = run.producersOf(at);
    row = rowBefore(run, index, at, producers);
    left -= 4 + producers.length;
    if (left > 0) continue;
    yield;
    left = LOOKED_AT_IN_STEP;
  }
  const [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs] = sums.map(rounded) as [number, number, number, number, number, number];
  const steps = rows
    .filter((row) => row >= run.attempts.first)
    .reverse()
    .map((row) => stepOf(run, index, row));
  const path = { steps, more, phases: { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } };
  paths.set(index, { count, path });
  return path;
}

/** The row of the last success that is kept; -1 if there is none. */
function lastSuccessOf({ attempts }: ObservedRun, { rowsTo, base, outcome }: RunIndex): number {
  for (let row = rowsTo - 1; row >= attempts.first; row -= 1) if (outcome[row - base] === 0) return row;
  return -1;
}

function stepOf(run: ObservedRun, { startMs, endMs, base }: RunIndex, row: number): CriticalStep {
  const { index, node, phases } = run.attempts.row(row);
  const times = { startMs: rounded(startMs[row - base]!), endMs: rounded(endMs[row - base]!) };
  return { functionId: run.idOf(index), node, ...times, phases };
}

/**
 * Returns the row of the success that function `at` waited for: of its producers, the one that ended last. A map or an expansion ends with
 * the last of its parts, and the functions of an expansion wait for it. -1 if no such row is kept.
 */
function rowBefore(run: ObservedRun, { lastSuccess, lastPart }: RunIndex, at: number, producers: readonly number[]): number {
  const own = lastSuccess[at]!;
  let found = -1;
  const look = (row: number | undefined): void => {
    if (row !== undefined && row < own && row > found) found = row;
  };
  for (const producer of producers) {
    look(lastSuccess[producer]);
    look(lastPart[producer]);
  }
  const by = run.partOf(at);
  if (by !== undefined) look(lastSuccess[by]);
  return found >= run.attempts.first ? found : -1;
}
