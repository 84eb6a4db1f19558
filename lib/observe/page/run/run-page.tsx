import { useEffect, useMemo } from 'preact/hooks';
import './run.css';

import { PacedViews } from '../data/paced-views.js';
import { useFollowed, useSource } from '../data/use-answers.js';
import { FaultView } from '../parts/fault-view.js';
import { Skeleton } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { PageTitle } from '../parts/page-title.js';
import { RUN_TABS, type RunTab } from '../router/page-route.js';
import { setPaletteOf } from '../theme/tokens.js';
import { GroupProgress } from './group-progress.js';
import { RunGone } from './run-gone.js';
import { RunHead } from './run-header.js';
import { RunTabView } from './run-tab.js';

/** One run: how far it is, and below that its timeline, its graph, its functions or its summary. */
export function RunPage({ runId, tab }: { readonly runId: string; readonly tab: RunTab }) {
  const source = useSource();
  const question = useMemo(() => ({ of: 'run' as const, runId, request: { view: 'groups' as const } }), [runId]);
  const { answer, fault, atMs } = useFollowed(question);
  const views = useMemo(() => new PacedViews(source, runId), [source, runId]);
  const version = answer?.run.version;
  useEffect(() => {
    if (version !== undefined) views.setVersion(version);
  }, [views, version]);
  const groups = answer?.groups;
  // Before anything of the run is drawn: all its parts have the same colours.
  useMemo(() => groups && setPaletteOf(groups.map(({ group }) => group)), [groups]);
  if (fault && !answer) return <FaultView fault={fault} what="run" />;
  if (!answer) {
    return (
      <>
        <PageTitle title="Run" />
        <Skeleton lines={12} />
      </>
    );
  }
  const isReport = source.mode === 'report';
  const tabs = isReport ? REPORT_TABS : RUN_TABS;
  return (
    <>
      <RunHead run={answer.run} atMs={atMs} />
      {fault && <RunGone fault={fault} />}
      {(!isReport || tab === 'functions') && <GroupProgress view={answer} />}
      <nav class="tabs" aria-label="Parts of the run">
        {tabs.map((name) => (
          <PageLink key={name} to={{ page: 'run', runId, tab: name }} class="tab" aria-current={name === tab ? 'page' : undefined}>
            {name}
          </PageLink>
        ))}
      </nav>
      <RunTabView tab={tab} run={answer.run} views={views} isLive={answer.run.state === 'running' && !fault} />
    </>
  );
}

/** A report is of a run that is over, mostly: where its time went comes first, and its progress where its functions are. */
const REPORT_TABS: readonly RunTab[] = ['summary', ...RUN_TABS.filter((name) => name !== 'summary')];
