import { useMemo } from 'preact/hooks';
import './cluster.css';
import { nowMs } from '../browser-clock.js';
import type { ClusterAnswer } from '../data/cluster-types.js';
import { useFollowed } from '../data/use-answers.js';
import { bytesText, countOf, countText } from '../format/amounts.js';
import { FaultView } from '../parts/fault-view.js';
import { EmptyState, Skeleton } from '../parts/notice.js';
import { PageTitle } from '../parts/page-title.js';
import { Panel } from '../parts/panel.js';
import { NodeTable } from './node-table.js';
import { type RememberedNode, rememberNodes } from './remembered-nodes.js';
import { RunsUnderWay } from './runs-under-way.js';
import { WaitList } from './wait-list.js';
import { waitLines } from './waits.js';

let remembered: readonly RememberedNode[] = [];

/** The cluster: its members and what they have in use, the runs under way, and what waits for what. */
export function ClusterPage() {
  const { answer, fault } = useFollowed({ of: 'cluster' });
  const nodes = answer?.nodes;
  // Remembered while the page is open, also while another one of it is shown.
  const seen = useMemo(() => {
    if (nodes) remembered = rememberNodes(remembered, nodes, nowMs());
    return remembered;
  }, [nodes]);
  if (fault && !answer) return <FaultView fault={fault} what="cluster" />;
  return (
    <>
      <PageTitle title="Cluster">{answer && <ClusterFigures cluster={answer} />}</PageTitle>
      <Panel title="Nodes">{answer ? <NodeTable seen={seen} /> : <Skeleton lines={4} />}</Panel>
      <div class="two-columns">
        <Panel title="Runs under way" aside={answer && <span class="quiet">{countText(answer.runs.length)}</span>}>
          {answer ? <UnderWay cluster={answer} /> : <Skeleton lines={4} />}
        </Panel>
        <Panel
          title="Waiting for room"
          aside={answer && <span class="quiet">{countText(answer.waiting.length + answer.moreWaiting)}</span>}
        >
          {answer ? <Waiting cluster={answer} /> : <Skeleton lines={4} />}
        </Panel>
      </div>
    </>
  );
}

function ClusterFigures({ cluster: { nodes, runs, waiting, moreWaiting } }: { readonly cluster: ClusterAnswer }) {
  const unwell = nodes.filter(({ status }) => status !== 'up').length;
  const sum = (of: (node: ClusterAnswer['nodes'][number]) => number): number => nodes.reduce((all, node) => all + of(node), 0);
  return (
    <dl class="figures">
      <Figure name="nodes" value={countText(nodes.length)} note={unwell > 0 ? `${unwell} not up` : undefined} />
      <Figure name="running" value={countText(sum(({ running }) => running))} />
      <Figure name="waiting" value={countText(waiting.length + moreWaiting)} />
      <Figure name="runs" value={countText(runs.length)} />
      <Figure name="values" value={bytesText(sum(({ values }) => values.memoryBytes + values.diskBytes - values.rememberedBytes))} />
      {sum(({ values }) => values.rememberedResults) > 0 && (
        <Figure name="remembered" value={countText(sum(({ values }) => values.rememberedResults))} />
      )}
    </dl>
  );
}

const Figure = ({ name, value, note }: { readonly name: string; readonly value: string; readonly note?: string | undefined }) => (
  <div class="figure">
    <dt>{name}</dt>
    <dd>
      <span class="number">{value}</span>
      {note && <span class="tag tag-warning">{note}</span>}
    </dd>
  </div>
);

function UnderWay({ cluster: { runs } }: { readonly cluster: ClusterAnswer }) {
  if (runs.length > 0) return <RunsUnderWay runs={runs} />;
  return (
    <EmptyState title="Nothing runs">
      Start a run with <code>handoff run dag.ts --join …</code>, or from a program with <code>handoff.execute(dag)</code>.
    </EmptyState>
  );
}

function Waiting({ cluster }: { readonly cluster: ClusterAnswer }) {
  const lines = useMemo(() => waitLines(cluster), [cluster]);
  if (lines.length === 0) return <EmptyState title="Nothing waits">Every function that is ready has found room.</EmptyState>;
  return (
    <>
      <WaitList lines={lines} />
      {cluster.moreWaiting > 0 && <p class="quiet more">and {countOf(cluster.moreWaiting, 'function')} more</p>}
    </>
  );
}
