import { countText } from '../format/amounts.js';
import { LackTag } from '../parts/lack-tag.js';
import { PageLink } from '../parts/page-link.js';
import type { WaitLine } from './waits.js';

/** What waits and for what. Those that no node could run stand out: they will wait until a larger node joins. */
export function WaitList({ lines }: { readonly lines: readonly WaitLine[] }) {
  return (
    <ul class="wait-list">
      {lines.map((line) => (
        <li key={line.key} class={line.isInfeasible ? 'wait is-infeasible' : 'wait'}>
          <span class="number wait-count">{countText(line.count)}</span>
          <span class="wait-what">
            <GroupName line={line} />{' '}
            <span class="quiet">
              of {line.dagId}, {line.node === undefined ? 'on any node' : `on ${line.node}`}
            </span>{' '}
            {line.lacking.length > 0 && <LackTag lacking={Object.fromEntries(line.lacking)} />}{' '}
            {line.isInfeasible && <span class="tag tag-danger">no node is large enough</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function GroupName({ line: { runId, group, functionId, count } }: { readonly line: WaitLine }) {
  if (runId === undefined) return <span class="mono">{count === 1 ? functionId : group}</span>;
  if (count === 1) {
    return (
      <PageLink to={{ page: 'function', runId, functionId }} class="mono">
        {functionId}
      </PageLink>
    );
  }
  return (
    <PageLink to={{ page: 'run', runId, tab: 'functions' }} query={{ group, state: 'ready' }} class="mono">
      {group}
    </PageLink>
  );
}
