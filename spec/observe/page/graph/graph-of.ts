import type { GraphView, ShownState, StateCounts } from '../../../../lib/observe/views/view-types.js';

/** Counts with these states, and zeros. */
export const countsOf = (given: Partial<StateCounts>): StateCounts => ({
  waiting: 0,
  ready: 0,
  running: 0,
  resting: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  ...given,
});

/** A graph of functions, `a b` for an edge from a to b; all wait but for those whose state is given. */
export function graphOf(ids: readonly string[], edges: readonly string[], states: Readonly<Record<string, ShownState>> = {}): GraphView {
  const progress = { total: ids.length, waiting: 0, ready: 0, running: 0, resting: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
  return {
    run: { runId: 'r', dagId: 'd', driver: 'alpha', state: 'running', progress, startedAtMs: 0, elapsedMs: 300, version: 1 },
    nodes: ids.map((label) => ({ label, isGroup: false, total: 1, counts: countsOf({ [states[label] ?? 'waiting']: 1 }) })),
    edges: edges.map((edge) => {
      const [from, to] = edge.split(' ') as [string, string];
      return [ids.indexOf(from), ids.indexOf(to), 1] as const;
    }),
    isFolded: false,
    layout: String(ids.length),
    more: 0,
    moreEdges: 0,
  };
}

/** Ids of one group. */
export const numbered = (name: string, count: number): readonly string[] => Array.from({ length: count }, (_, at) => `${name}-${at}`);
