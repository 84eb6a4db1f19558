// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { AttemptOutcome, ObservedRun, Phases } from '../../runner/index.js';
import { ATTEMPT_OUTCOMES } from '../../runner/observed/index.js';
import { criticalPathOf } from './critical-path.js';
import { groupRow } from './groups.js';
import { resultBytesOf } from './moved-bytes.js';
import { PHASE_WORDS } from './phase-words.js';
import { indexOf, type RunIndex, rounded } from './run-index.js';
import { headerOf, SHOWN_STATES } from './shown-state.js';
import { countsByGroup } from './state-counts.js';
import { compareNames } from './timeline-rows.js';
import type { GroupRow, NodeWork, SummaryView } from './view-types.js';

/** How many groups, and how many failures, are listed. */
const MOST_GROUPS = 20;
const MOST_FAILURES = 100;

/** Shows where the time of a run went. */
export function* summaryView(run: ObservedRun): StepwiseWork<SummaryView> {
  const index = yield* indexOf(run);
  const { resultBytes, movedBytes } = yield* resultBytesOf(run, index);
  const critical = yield* criticalPathOf(run, index);
  const counts = yield* countsByGroup(run, index);
  const nodes = worksOf(run, index);
  yield;
  const groups = index.groups.slice(0, counts.length / SHOWN_STATES.length).map((_name, group) => groupRow(index, counts, group));
  yield;
  const { failures, more: moreFailures } = failuresOf(run, index.size);
  return {
    run: headerOf(run),
    functions: run.progress.total,
    attempts: run.attempts.count,
    outcomes: outcomesOf(index),
    phases: sumOf(groups.map(({ phases }) => phases)),
    nodes,
    resultBytes,
    movedBytes,
    criticalPath: critical.steps,
    moreCritical: critical.more,
    criticalPhases: critical.phases,
    slowest: slowestOf(groups),
    failures,
    moreFailures,
    leftOut: run.attempts.first,
  };
}

function outcomesOf(index: RunIndex): Record<AttemptOutcome, number> {
  const outcomes = { succeeded: 0, failed: 0, 'timed-out': 0, cancelled: 0, lost: 0 };
  for (let group = 0; group < index.groups.length; group += 1) {
    for (const [at, outcome] of ATTEMPT_OUTCOMES.entries()) outcomes[outcome] += index.outcomesOf(group, at);
  }
  return outcomes;
}

function sumOf(all: readonly Phases[]): Phases {
  const sum = { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0 };
  for (const phases of all) for (const [phase] of PHASE_WORDS) sum[phase] += phases[phase];
  for (const [phase] of PHASE_WORDS) sum[phase] = rounded(sum[phase]);
  return sum;
}

const tookMs = ({ phases: { fetchMs, loadMs, runMs, packMs, handOverMs } }: GroupRow): number =>
  fetchMs + loadMs + runMs + packMs + handOverMs;

function slowestOf(groups: readonly GroupRow[]): GroupRow[] {
  return groups
    .filter(({ attempts }) => attempts > 0)
    .sort((a, b) => tookMs(b) - tookMs(a))
    .slice(0, MOST_GROUPS);
}

interface Work {
  attempts: number;
  workMs: number;
  failed: number;
  fromMs: number;
  toMs: number;
  readonly lanes: Set<number>;
}

/** What each node did, of the attempts that are kept. Its slots are those that had an attempt. */
function worksOf(run: ObservedRun, index: RunIndex): NodeWork[] {
  const { attempts } = run;
  const { lane, startMs, endMs, outcome, lanes, base, rowsTo } = index;
  const works: Work[] = attempts.nodes.map(() => {
    return { attempts: 0, workMs: 0, failed: 0, fromMs: Number.POSITIVE_INFINITY, toMs: 0, lanes: new Set() };
  });
  const isUsed = new Uint8Array(lanes.length);
  for (let at = Math.max(0, attempts.first - base); at < rowsTo - base; at += 1) {
    const work = works[lanes[lane[at]!]!.node]!;
    work.attempts += 1;
    work.workMs += endMs[at]! - startMs[at]!;
    if (outcome[at] !== 0) work.failed += 1;
    if (startMs[at]! < work.fromMs) work.fromMs = startMs[at]!;
    if (endMs[at]! > work.toMs) work.toMs = endMs[at]!;
    isUsed[lane[at]!] = 1;
  }
  for (let at = 0; at < isUsed.length; at += 1) if (isUsed[at] === 1) works[lanes[at]!.node]!.lanes.add(at);
  return works
    .map(({ attempts: count, workMs, failed, fromMs, toMs, lanes: slots }, at): NodeWork => {
      const idleMs = count === 0 ? 0 : rounded(Math.max(0, slots.size * (toMs - fromMs) - workMs));
      return { node: attempts.nodes[at]!, attempts: count, slots: slots.size, workMs: rounded(workMs), idleMs, failed };
    })
    .filter(({ attempts: count }) => count > 0)
    .sort((a, b) => compareNames(a.node, b.node));
}

function failuresOf(run: ObservedRun, size: number): { readonly failures: SummaryView['failures']; readonly more: number } {
  const failures: SummaryView['failures'][number][] = [];
  const { failed } = run.progress;
  for (let at = 0; at < size && failures.length < Math.min(failed, MOST_FAILURES); at += 1) {
    if (run.stateOf(at) !== 'failed') continue;
    failures.push({ functionId: run.idOf(at), error: run.errorOf(at) ?? { name: 'Error', message: 'its error is not kept' } });
  }
  return { failures, more: failed - failures.length };
}
