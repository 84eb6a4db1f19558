import type { LeftOut } from '../../report/encoded-run.js';
import type { ReportEnvironment } from '../../report/report-content.js';
import type { SummaryView } from '../../views/view-types.js';
import { countOf } from '../format/amounts.js';
import { Notice } from '../parts/notice.js';
import { CriticalPathPanel } from './critical-path.js';
import { EnvironmentPanel } from './environment.js';
import { FailuresPanel } from './failures.js';
import { NodesPanel } from './node-work.js';
import { PhasesPanel } from './phase-table.js';
import { SlowestPanel } from './slowest.js';
import './summary.css';
import { SummaryFacts } from './summary-facts.js';

/** Where the time of a run went, and why: the first page of a report, and a page of a live run. */
export function Summary({
  summary,
  environment,
  leftOut,
}: {
  readonly summary: SummaryView;
  /** Where a report was made. A live page has the page of its cluster for that. */
  readonly environment?: ReportEnvironment | undefined;
  readonly leftOut?: LeftOut | undefined;
}) {
  return (
    <div class="summary">
      <SummaryFacts summary={summary} />
      <LeftOutNotice attempts={summary.leftOut} leftOut={leftOut} />
      <FailuresPanel summary={summary} />
      <CriticalPathPanel summary={summary} />
      <PhasesPanel summary={summary} />
      <NodesPanel nodes={summary.nodes} elapsedMs={summary.run.elapsedMs} />
      <SlowestPanel summary={summary} />
      <EnvironmentPanel run={summary.run} environment={environment} />
    </div>
  );
}

/** What is not there any more, or was left out of the file. */
function LeftOutNotice({ attempts, leftOut }: { readonly attempts: number; readonly leftOut: LeftOut | undefined }) {
  const missing = [
    attempts > 0 && `${countOf(attempts, 'older attempt')} ${attempts === 1 ? 'is' : 'are'} in the totals by group only`,
    leftOut?.errors && `the errors of ${countOf(leftOut.errors, 'function')} are left out, as too many differ`,
    leftOut?.lines && `${countOf(leftOut.lines, 'line')} of output ${leftOut.lines === 1 ? 'is' : 'are'} left out`,
    leftOut?.waits &&
      `${countOf(leftOut.waits, 'entry', 'entries')} of what functions wait for ${leftOut.waits === 1 ? 'is' : 'are'} left out`,
  ].filter((words) => typeof words === 'string');
  return missing.length === 0 ? null : <Notice kind="calm">Not everything is here: {missing.join('; ')}.</Notice>;
}
