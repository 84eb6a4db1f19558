import type { NodeWork } from '../../views/view-types.js';
import { countOf, countText, durationText, percentText } from '../format/amounts.js';
import { Panel } from '../parts/panel.js';

/** How much each node worked, and how long its slots were idle between its first attempt and its last. */
export function NodesPanel({ nodes, elapsedMs }: { readonly nodes: readonly NodeWork[]; readonly elapsedMs: number }) {
  if (nodes.length === 0) return null;
  const most = Math.max(...nodes.map(({ workMs, idleMs }) => workMs + idleMs), 1e-9);
  return (
    <Panel
      title="Nodes"
      aside={
        <ul class="legend" aria-label="Work and idle time">
          <li>
            <span class="swatch work-fill" aria-hidden="true" />
            work
          </li>
          <li>
            <span class="swatch idle-fill" aria-hidden="true" />
            idle
          </li>
        </ul>
      }
    >
      <ul class="node-works">
        {nodes.map((node) => (
          <NodeBar key={node.node} node={node} most={most} elapsedMs={elapsedMs} />
        ))}
      </ul>
    </Panel>
  );
}

function NodeBar({ node, most, elapsedMs }: { readonly node: NodeWork; readonly most: number; readonly elapsedMs: number }) {
  const { workMs, idleMs, slots, attempts, failed } = node;
  const whole = workMs + idleMs;
  const share = percentText(workMs, Math.max(slots * elapsedMs, workMs));
  return (
    <li class="node-work">
      <span class="work-name">{node.node}</span>
      <div
        class="work-track"
        role="img"
        aria-label={`${node.node}: ${durationText(workMs)} of work, ${durationText(idleMs)} idle`}
        title={`${durationText(workMs)} of work, ${durationText(idleMs)} idle between its first attempt and its last`}
      >
        <div class="work-bar" style={{ width: `${(whole / most) * 100}%` }}>
          <span class="work-fill" style={{ flexGrow: workMs, flexBasis: 0 }} />
          <span class="idle-fill" style={{ flexGrow: idleMs, flexBasis: 0 }} />
        </div>
      </div>
      <span class="node-figures">
        <span class="number">{durationText(workMs)}</span> work, <span class="number">{durationText(idleMs)}</span> idle
        <span class="quiet">
          {countOf(slots, 'slot')} busy {share} of the run, {countOf(attempts, 'attempt')}
          {failed > 0 && <strong class="failed-words">, {countText(failed)} failed or lost</strong>}
        </span>
      </span>
    </li>
  );
}
