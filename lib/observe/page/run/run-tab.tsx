import { useMemo } from 'preact/hooks';
import type { RunHeader } from '../../views/view-types.js';
import type { PacedViews } from '../data/paced-views.js';
import { ReportSource } from '../data/report-source.js';
import { useAsked, useSource } from '../data/use-answers.js';
import { FunctionTable } from '../functions/function-table.js';
import { RunGraph } from '../graph/run-graph.js';
import { startLayoutWorker } from '../graph/start-layout-worker.js';
import { Notice, Skeleton } from '../parts/notice.js';
import { useNavigation } from '../router/navigation.js';
import type { RunTab as TabName } from '../router/page-route.js';
import { Summary } from '../summary/summary.js';
import { Timeline } from '../timeline/timeline.js';

const SUMMARY = { view: 'summary' } as const;

interface RunTabProps {
  readonly tab: TabName;
  readonly run: RunHeader;
  readonly views: PacedViews;
  /** Whether the run may still change, as far as is known. */
  readonly isLive: boolean;
}

/** The chosen part of the page of a run. */
export function RunTabView({ tab, run, views, isLive }: RunTabProps) {
  const navigation = useNavigation();
  const { runId } = run;
  const picture = useMemo(() => {
    const hrefOf = (functionId: string): string => navigation.hrefOf({ page: 'function', runId, functionId });
    return { hrefOf, openFunction: (functionId: string): void => navigation.go(hrefOf(functionId)) };
  }, [navigation, runId]);
  const openGroup = (group: string): void => navigation.go(navigation.hrefOf({ page: 'run', runId, tab: 'functions' }, { group }));
  switch (tab) {
    case 'timeline':
      return <Timeline {...picture} views={views} isLive={isLive} />;
    case 'graph':
      return <RunGraph {...picture} views={views} isLive={isLive} openGroup={openGroup} startLayoutWorker={startLayoutWorker} />;
    case 'functions':
      return <FunctionTable run={run} />;
    case 'summary':
      return <SummaryTab run={run} />;
  }
}

function SummaryTab({ run }: { readonly run: RunHeader }) {
  const source = useSource();
  const { answer, fault } = useAsked(run.runId, SUMMARY, run.version);
  const report = source instanceof ReportSource ? source.report : undefined;
  if (answer) return <Summary summary={answer} environment={report?.environment} leftOut={report?.leftOut} />;
  return fault ? <Notice kind="warning">{fault.message}</Notice> : <Skeleton lines={12} />;
}
