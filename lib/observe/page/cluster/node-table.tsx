import { nowMs } from '../browser-clock.js';
import type { ClusterNode } from '../data/cluster-types.js';
import { bytesText, countOf, countText, durationText, resourceText } from '../format/amounts.js';
import { AmountBar } from '../parts/bars.js';
import { Elapsed } from '../parts/elapsed.js';
import type { RememberedNode } from './remembered-nodes.js';

/** How a member's status looks and what it means. */
const STATUS_TITLES: Readonly<Record<string, string>> = {
  up: 'It answers',
  suspect: 'Silent for half of the time-out of the heartbeat',
  leaving: 'It accepts no more work',
};

/** The resources of all nodes, in the order in which they come up. */
const resourcesOf = (nodes: readonly ClusterNode[]): readonly string[] => [
  ...new Set(nodes.flatMap((node) => Object.keys(node.capabilities))),
];

/** The isolations of users' own on all nodes. */
const ownIsolationsOf = (nodes: readonly ClusterNode[]): readonly string[] => [
  ...new Set(nodes.flatMap((node) => Object.keys(node.ownSlots))),
];

/** The members, a row each: what of each resource is in use, as bars with numbers. */
export function NodeTable({ seen }: { readonly seen: readonly RememberedNode[] }) {
  const nodes = seen.map(({ node }) => node);
  const resources = resourcesOf(nodes);
  const own = ownIsolationsOf(nodes);
  return (
    <div class="scroll-x">
      <table class="data node-table">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">Running</th>
            <th scope="col">Threads</th>
            <th scope="col">Loop</th>
            {own.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
            {resources.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
            <th scope="col">Values</th>
            <th scope="col">Link</th>
          </tr>
        </thead>
        <tbody>
          {seen.map(({ node, silentSinceMs }) =>
            silentSinceMs === undefined ? (
              <NodeRow key={node.name} node={node} resources={resources} own={own} />
            ) : (
              <SilentRow key={node.name} node={node} sinceMs={silentSinceMs} columns={5 + own.length + resources.length} />
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** A node that was there: it died, left, or cannot be reached. */
function SilentRow({ node, sinceMs, columns }: { readonly node: ClusterNode; readonly sinceMs: number; readonly columns: number }) {
  return (
    <tr class="is-silent">
      <th scope="row" data-label="Node">
        <span class="dot dot-silent" aria-hidden="true" />
        <span class="member-name">{node.name}</span>
        <span class="node-address quiet">{node.address ?? 'does not listen'}</span>
      </th>
      <td colSpan={columns}>
        <span class="tag tag-warning">{node.status === 'leaving' ? 'has left' : 'no answer'}</span>{' '}
        <span class="quiet">
          for <Elapsed ms={nowMs() - sinceMs} atMs={nowMs()} isRunning />
          {node.running > 0 && `; ${countOf(node.running, 'attempt')} ran there`}
        </span>
      </td>
    </tr>
  );
}

/** What its values take of the memory that they may; what lies on the disk, and what of that is remembered, below. */
function ValuesBar({ node: { name, values } }: { readonly node: ClusterNode }) {
  const { memoryBytes, memoryLimitBytes, diskBytes, rememberedResults, rememberedHits } = values;
  const text = `${bytesText(memoryBytes)} / ${bytesText(memoryLimitBytes)}`;
  return (
    <>
      <AmountBar used={memoryBytes} total={memoryLimitBytes} text={text} label={`memory for values of ${name}`} />
      {diskBytes > 0 && <span class="node-disk quiet number">+{bytesText(diskBytes)} on disk</span>}
      {rememberedResults > 0 && (
        <span class="node-disk quiet number" title={`Found ${countOf(rememberedHits, 'time')}`}>
          {countOf(rememberedResults, 'result')} remembered
        </span>
      )}
    </>
  );
}

function NodeRow({
  node,
  resources,
  own,
}: {
  readonly node: ClusterNode;
  readonly resources: readonly string[];
  readonly own: readonly string[];
}) {
  const places = (label: string, { used, total }: { readonly used: number; readonly total: number }) => (
    <AmountBar used={used} total={total} text={`${countText(used)} / ${countText(total)}`} label={`${label} of ${node.name}`} />
  );
  return (
    <tr class={node.status === 'up' ? '' : 'is-unwell'}>
      <th scope="row" data-label="Node">
        <span class={`dot dot-${node.status}`} title={STATUS_TITLES[node.status]} aria-hidden="true" />
        <span class="member-name">{node.name}</span>
        <span class={`node-status status-${node.status}`}>{node.status}</span>
        {node.log === 'lost' && (
          <span class="tag tag-warning" title="Its log lines cannot be written">
            log lost
          </span>
        )}
        <span class="node-address quiet">{node.address ?? 'does not listen'}</span>
      </th>
      <td data-label="Running" class="node-running">
        <span class="number">{node.isHeard ? countText(node.running) : '–'}</span>
        {node.queued > 0 && <span class="quiet"> +{countText(node.queued)} queued</span>}
        {node.blocked > 0 && (
          <span class="tag tag-warning node-blocked" title="Attempts that were given up while their code goes on">
            {countText(node.blocked)} blocked
          </span>
        )}
      </td>
      <td data-label="Threads">{node.isHeard && places('threads', node.threads)}</td>
      <td data-label="Loop">{node.isHeard && places('places on the loop', node.loopPlaces)}</td>
      {own.map((name) => (
        <td data-label={name} key={name} class={node.ownSlots[name] ? '' : 'is-none'}>
          {node.ownSlots[name] ? places(`slots of ${name}`, node.ownSlots[name]) : <span class="quiet">–</span>}
        </td>
      ))}
      {resources.map((name) => {
        const total = node.capabilities[name];
        if (total === undefined) {
          return (
            <td data-label={name} key={name} class="is-none">
              <span class="quiet">–</span>
            </td>
          );
        }
        const used = node.used[name] ?? 0;
        const text = `${resourceText(name, used)} / ${resourceText(name, total)}`;
        return (
          <td data-label={name} key={name}>
            <AmountBar used={used} total={total} text={text} label={`${name} of ${node.name}`} />
          </td>
        );
      })}
      <td data-label="Values">{node.isHeard && <ValuesBar node={node} />}</td>
      <td data-label="Link" class={node.linkMs === undefined ? 'node-link is-none' : 'node-link'}>
        <span class="number">{node.linkMs === undefined ? '–' : durationText(node.linkMs)}</span>
      </td>
    </tr>
  );
}
