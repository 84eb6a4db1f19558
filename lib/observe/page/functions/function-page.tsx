import { useMemo } from 'preact/hooks';
import './function-page.css';
import type { FunctionDetail, LinkedFunction, RunHeader } from '../../views/view-types.js';
import { useAsked, useFollowed } from '../data/use-answers.js';
import { bytesText, countOf, durationText, shortCode } from '../format/amounts.js';
import { CopyText } from '../parts/copy-text.js';
import { ErrorText } from '../parts/error-text.js';
import { FaultView } from '../parts/fault-view.js';
import { EmptyState, Notice, Skeleton } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { PageTitle } from '../parts/page-title.js';
import { Panel } from '../parts/panel.js';
import { RunStateBadge, StateBadge, StateMark } from '../parts/state-badge.js';
import { RunGone } from '../run/run-gone.js';
import { paletteIndexOf, setPaletteOf } from '../theme/tokens.js';
import { AttemptTable } from './attempt-table.js';
import { OutputPanel } from './output-panel.js';
import { WaitPanel } from './wait-panel.js';

const GROUPS = { view: 'groups' } as const;

/** One function of a run: why it waits, its attempts, its error, its output, and what it needs and feeds. */
export function FunctionPage({ runId, functionId }: { readonly runId: string; readonly functionId: string }) {
  const question = useMemo(() => ({ of: 'run' as const, runId, request: { view: 'function' as const, functionId } }), [runId, functionId]);
  const { answer, fault, atMs } = useFollowed(question);
  const { answer: inGroups } = useAsked(runId, GROUPS, 0);
  useMemo(() => inGroups && setPaletteOf(inGroups.groups.map(({ group }) => group)), [inGroups]);
  if (fault && !answer) return <FaultView fault={fault} what="run" />;
  if (!answer) {
    return (
      <>
        <PageTitle title={functionId} above={<Trail runId={runId} />} />
        <Skeleton lines={12} />
      </>
    );
  }
  const { run, function: detail } = answer;
  if (!detail) {
    return (
      <>
        <PageTitle title={functionId} above={<Trail runId={runId} run={run} />} />
        <EmptyState title="The run has no function of this id">A map or an expansion may add it later.</EmptyState>
      </>
    );
  }
  return (
    <>
      <PageTitle title={functionId} above={<Trail runId={runId} run={run} />}>
        <Facts of={detail} run={run} />
      </PageTitle>
      {fault && <RunGone fault={fault} />}
      {detail.wait && <WaitPanel wait={detail.wait} run={run} atMs={atMs} />}
      {detail.state === 'skipped' && (
        <Notice kind="calm">
          {detail.skippedFor === 'not-taken'
            ? 'It was skipped: its condition does not hold.'
            : 'It was skipped: a function that it needs failed.'}
        </Notice>
      )}
      {detail.error && detail.state === 'failed' && (
        <Notice kind="danger">
          <ErrorText error={detail.error} isOpen />
        </Notice>
      )}
      <AttemptTable of={detail} run={run} atMs={atMs} />
      {detail.error && detail.state !== 'failed' && (
        <Panel title="Error of the last attempt that failed">
          <div class="panel-body">
            <ErrorText error={detail.error} />
          </div>
        </Panel>
      )}
      <OutputPanel lines={detail.lines} />
      <div class="two-columns">
        <LinkedFunctions
          title="Needs"
          none="It needs no other function."
          runId={runId}
          linked={detail.producers}
          more={detail.moreProducers}
        />
        <LinkedFunctions
          title="Feeds"
          none="No function needs its value."
          runId={runId}
          linked={detail.consumers}
          more={detail.moreConsumers}
        />
      </div>
    </>
  );
}

const Trail = ({ runId, run }: { readonly runId: string; readonly run?: RunHeader }) => (
  <nav class="trail" aria-label="Run">
    <PageLink to={{ page: 'run', runId, tab: 'functions' }}>
      <span class="user-text">{run?.dagId ?? 'run'}</span>
    </PageLink>
    {run && <RunStateBadge state={run.state} />}
  </nav>
);

function Facts({ of, run }: { readonly of: FunctionDetail; readonly run: RunHeader }) {
  const facts: readonly (readonly [string, preact.ComponentChildren])[] = [
    ['State', <StateBadge key="state" state={of.state} />],
    [
      'Group',
      <PageLink key="group" to={{ page: 'run', runId: run.runId, tab: 'functions' }} query={{ group: of.group }} class="mono">
        <span class={`swatch group-${paletteIndexOf(of.group)}`} aria-hidden="true" />
        {of.group}
      </PageLink>,
    ],
    ['Code', <CopyText key="code" text={of.code} what="the code's name" shown={shortCode(of.code)} />],
    ['Isolation', of.isolation],
    ['Result from', of.source && { journal: 'the record', cache: 'the cache' }[of.source]],
    ['Node', of.node],
    ['Duration', of.durationMs === undefined ? undefined : durationText(of.durationMs)],
    ['Result', of.sizeBytes === undefined ? undefined : bytesText(of.sizeBytes)],
    [
      'Added by',
      of.partOf === undefined ? undefined : (
        <PageLink key="by" to={{ page: 'function', runId: run.runId, functionId: of.partOf.functionId }} class="mono">
          {of.partOf.functionId}
        </PageLink>
      ),
    ],
  ];
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value !== undefined &&
          value !== '' && (
            <div class="fact" key={name}>
              <dt>{name}</dt>
              <dd class="user-text">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

interface LinkedProps {
  readonly title: string;
  readonly none: string;
  readonly runId: string;
  readonly linked: readonly LinkedFunction[];
  readonly more: number;
}

const LinkedFunctions = ({ title, none, runId, linked, more }: LinkedProps) => (
  <Panel title={title} aside={<span class="quiet">{countOf(linked.length + more, 'function')}</span>}>
    {linked.length === 0 ? (
      <p class="quiet panel-body">{none}</p>
    ) : (
      <ul class="linked" style={{ '--longest': Math.max(14, ...linked.map(({ functionId }) => functionId.length)) }}>
        {linked.map(({ functionId, state }) => (
          <li key={functionId}>
            <PageLink to={{ page: 'function', runId, functionId }} class="mono user-text">
              <StateMark state={state} />
              {functionId}
              <span class="hidden"> {state}</span>
            </PageLink>
          </li>
        ))}
        {more > 0 && <li class="quiet">and {countOf(more, 'function')} more</li>}
      </ul>
    )}
  </Panel>
);
