import type { DrivenRun } from '../../cluster-status.js';
import { countText, percentText, shortId } from '../format/amounts.js';
import { SegmentBar } from '../parts/bars.js';
import { PageLink } from '../parts/page-link.js';

/** The runs under way, each with how far it is. A run that a function started stands below that function's run. */
export function RunsUnderWay({ runs }: { readonly runs: readonly DrivenRun[] }) {
  return (
    <ul class="run-list">
      {inOrder(runs).map(({ run, depth }) => {
        const { total = 0, succeeded = 0 } = run.progress;
        return (
          <li key={run.runId} class="run-item" style={{ '--depth': depth }}>
            <div class="run-item-head">
              <PageLink to={{ page: 'run', runId: run.runId, tab: 'timeline' }} class="run-name">
                {run.dagId}
              </PageLink>
              <span class="quiet mono" title={run.runId}>
                {shortId(run.runId)}
              </span>
              <span class="quiet">on {run.driver}</span>
              {run.parent && (
                <PageLink to={{ page: 'function', runId: run.parent.runId, functionId: run.parent.functionId }} class="quiet">
                  started by {run.parent.functionId}
                </PageLink>
              )}
              <span class="number run-item-count">
                {countText(succeeded)} / {countText(total)} <span class="quiet">{percentText(succeeded, total)}</span>
              </span>
            </div>
            <SegmentBar counts={run.progress} total={total} label={`Progress of ${run.dagId}`} />
          </li>
        );
      })}
    </ul>
  );
}

/** Runs with those that their functions started below them. A run whose parent is not there is a root. */
function inOrder(runs: readonly DrivenRun[]): readonly { readonly run: DrivenRun; readonly depth: number }[] {
  const ids = new Set(runs.map(({ runId }) => runId));
  const children = new Map<string, DrivenRun[]>();
  for (const run of runs) {
    const parent = run.parent && ids.has(run.parent.runId) ? run.parent.runId : '';
    children.set(parent, [...(children.get(parent) ?? []), run]);
  }
  const order: { run: DrivenRun; depth: number }[] = [];
  const left = (children.get('') ?? []).map((run) => ({ run, depth: 0 })).reverse();
  for (let next = left.pop(); next; next = left.pop()) {
    const { run, depth } = next;
    order.push(next);
    for (const child of (children.get(run.runId) ?? []).reverse()) left.push({ run: child, depth: Math.min(depth + 1, 4) });
  }
  return order;
}
