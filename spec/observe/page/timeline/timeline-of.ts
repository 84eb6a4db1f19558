import type { TimelineView } from '../../../../lib/observe/views/view-types.js';
import { groupNameOf } from '../../../../lib/runner/observed/group-name.js';

/** A timeline in rows, as one writes it down. */
export interface TimelineParts {
  readonly rows: readonly (readonly [node: string, slot: number])[];
  readonly bars: readonly {
    readonly row: number;
    readonly id: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly outcome?: number;
  }[];
  readonly merged?: readonly {
    readonly row: number;
    readonly group: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly count: number;
    readonly filled: number;
    readonly hasFailure: boolean;
  }[];
  readonly running?: readonly { readonly row: number; readonly id: string; readonly node: string; readonly startMs: number }[];
}

/** The answer that has these parts, in columns. Whatever an attempt took, it took to run. */
export function timelineOf({ rows, bars, merged = [], running = [] }: TimelineParts): TimelineView {
  const groups: string[] = [];
  const counts: number[] = [];
  const groupOf = (name: string, count = 1): number => {
    if (!groups.includes(name)) groups.push(name);
    const group = groups.indexOf(name);
    counts[group] = (counts[group] ?? 0) + count;
    return group;
  };
  const none = bars.map(() => 0);
  const progress = { total: 1, waiting: 0, ready: 0, running: 1, resting: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
  return {
    run: { runId: 'r', dagId: 'd', driver: 'alpha', state: 'running', progress, startedAtMs: 0, elapsedMs: 300, version: 1 },
    rows: rows.map(([node, slot]) => ({ node, isolation: 'thread', slot })),
    moreRows: 0,
    groups,
    counts,
    bars: {
      row: bars.map(({ row }) => row),
      functionId: bars.map(({ id }) => id),
      group: bars.map(({ id }) => groupOf(groupNameOf(id))),
      attempt: bars.map(() => 1),
      outcome: bars.map(({ outcome = 0 }) => outcome),
      startMs: bars.map(({ startMs }) => startMs),
      endMs: bars.map(({ endMs }) => endMs),
      waitMs: none,
      fetchMs: none,
      loadMs: none,
      runMs: bars.map(({ startMs, endMs }) => endMs - startMs),
      packMs: none,
      handOverMs: none,
    },
    merged: {
      row: merged.map(({ row }) => row),
      startMs: merged.map(({ startMs }) => startMs),
      endMs: merged.map(({ endMs }) => endMs),
      group: merged.map(({ group, count }) => groupOf(group, count)),
      count: merged.map(({ count }) => count),
      filled: merged.map(({ filled }) => filled),
      hasFailure: merged.map(({ hasFailure }) => hasFailure),
    },
    running: running.map(({ row, id, node, startMs }) => ({
      row,
      functionId: id,
      group: groupOf(groupNameOf(id)),
      attempt: 1,
      node,
      startMs,
    })),
    leftOut: 0,
  };
}
