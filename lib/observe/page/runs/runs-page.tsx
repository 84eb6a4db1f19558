import { useMemo } from 'preact/hooks';
import './runs.css';
import type { ObservedRunState, RunSummary } from '../../../runner/index.js';
import { nowMs, wallMs } from '../browser-clock.js';
import { useFollowed } from '../data/use-answers.js';
import { countText, durationText, shortId } from '../format/amounts.js';
import { wallText } from '../format/wall-time.js';
import { SegmentBar } from '../parts/bars.js';
import { Choices } from '../parts/choices.js';
import { Elapsed } from '../parts/elapsed.js';
import { FaultView } from '../parts/fault-view.js';
import { EmptyState, Skeleton } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { PageTitle } from '../parts/page-title.js';
import { SearchField } from '../parts/search-field.js';
import { RunStateBadge } from '../parts/state-badge.js';
import { useFilter } from '../router/navigation.js';
import { filterRuns } from './filter-runs.js';

const STATES: readonly ObservedRunState[] = ['running', 'completed', 'failed', 'cancelled'];

/** The runs of all drivers: those under way, and the last that have ended. */
export function RunsPage() {
  const { answer, fault } = useFollowed({ of: 'runs' });
  const [state, setState] = useFilter('state');
  const [search, setSearch] = useFilter('search');
  const runs = answer?.runs;
  const shown = useMemo(() => runs && filterRuns(runs, { state, search }), [runs, state, search]);
  if (fault && !answer) return <FaultView fault={fault} what="list of runs" />;
  const choices = STATES.map((name) => ({
    value: name as string,
    text: name as string,
    count: runs?.filter((run) => run.state === name).length,
  }));
  return (
    <>
      <PageTitle title="Runs" />
      <div class="toolbar">
        <Choices label="State" value={state} choices={[{ value: '', text: 'all', count: runs?.length }, ...choices]} onChoose={setState} />
        <SearchField label="Search DAG, run, key or driver" value={search} onValue={setSearch} />
      </div>
      <section class="panel" aria-label="Runs">
        {shown ? <RunTable runs={shown} isFiltered={state !== '' || search !== ''} /> : <Skeleton lines={8} />}
      </section>
    </>
  );
}

function RunTable({ runs, isFiltered }: { readonly runs: readonly RunSummary[]; readonly isFiltered: boolean }) {
  if (runs.length === 0 && isFiltered) return <EmptyState title="No run matches">Choose another state, or search for less.</EmptyState>;
  if (runs.length === 0) {
    return (
      <EmptyState title="No runs yet">
        Runs of every driver in the cluster appear here, and stay for a while after their end. Start one with{' '}
        <code>handoff run dag.ts</code>.
      </EmptyState>
    );
  }
  const wall = wallMs();
  return (
    <table class="data run-table">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">DAG</th>
          <th scope="col">Progress</th>
          <th scope="col">Driver</th>
          <th scope="col">Started</th>
          <th scope="col" class="right">
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.runId}>
            <td class="run-state">
              <RunStateBadge state={run.state} />
            </td>
            <th scope="row" class="run-id">
              <PageLink to={{ page: 'run', runId: run.runId, tab: 'timeline' }} class="run-name">
                {run.dagId}
              </PageLink>
              <span class="quiet mono" title={run.runId}>
                {shortId(run.runId)}
              </span>
              {run.key !== undefined && <span class="tag">key {run.key}</span>}
            </th>
            <td class="run-progress">
              <div>
                <SegmentBar counts={run.progress} total={run.progress.total} label={`Progress of ${run.dagId}`} />
                <span class="number quiet">
                  {countText(run.progress.succeeded)} / {countText(run.progress.total)}
                </span>
              </div>
            </td>
            <td class="run-driver">{run.driver}</td>
            <td class="run-started number">{wallText(run.startedAtMs, wall)}</td>
            <td class="run-duration right number">
              {run.endedAtMs === undefined ? (
                <Elapsed ms={Math.max(0, wall - run.startedAtMs)} atMs={nowMs()} isRunning />
              ) : (
                durationText(run.endedAtMs - run.startedAtMs)
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
