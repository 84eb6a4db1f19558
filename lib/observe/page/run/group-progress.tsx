import { useState } from 'preact/hooks';
import type { GroupRow, GroupsView, StateCounts } from '../../views/view-types.js';
import { countOf, countText, durationText } from '../format/amounts.js';
import { SegmentBar } from '../parts/bars.js';
import { MiddleText } from '../parts/middle-text.js';
import { PageLink } from '../parts/page-link.js';
import { Panel } from '../parts/panel.js';
import { paletteIndexOf } from '../theme/tokens.js';

/** How many groups are shown before a person asks for all. */
const FIRST = 16;

/** Progress by group of functions: a bar each, in segments done, running, waiting and failed. */
export function GroupProgress({ view: { run, groups, more } }: { readonly view: GroupsView }) {
  const [isAll, setIsAll] = useState(false);
  const shown = isAll ? groups : groups.slice(0, FIRST);
  const hidden = groups.length - shown.length;
  return (
    <Panel title="Progress by group" aside={<span class="quiet">{countOf(groups.length + more.groups, 'group')}</span>}>
      <ul class="groups">
        {shown.map((row) => (
          <GroupLine key={row.group} row={row} runId={run.runId} />
        ))}
      </ul>
      {more.groups > 0 && isAll && (
        <p class="quiet more">
          and {countOf(more.groups, 'group')} more, with {countOf(sumOf(more.counts), 'function')}
        </p>
      )}
      {(hidden > 0 || isAll) && groups.length > FIRST && (
        <button type="button" class="button button-quiet more" onClick={() => setIsAll(!isAll)} aria-expanded={isAll}>
          {isAll ? 'Show fewer' : `Show ${countOf(hidden, 'more group')}`}
        </button>
      )}
    </Panel>
  );
}

function GroupLine({ row: { group, total, counts, attempts, phases }, runId }: { readonly row: GroupRow; readonly runId: string }) {
  const over = counts.succeeded + counts.failed + counts.skipped + counts.cancelled;
  return (
    <li class="group">
      <PageLink to={{ page: 'run', runId, tab: 'functions' }} query={{ group }} class="group-name" title={group}>
        <span class={`swatch group-${paletteIndexOf(group)}`} aria-hidden="true" />
        <span class="mono group-text">
          <MiddleText text={group} />
        </span>
      </PageLink>
      <SegmentBar counts={counts} total={total} label={`Progress of ${group}`} />
      <span class="number group-count">
        {countText(over)} / {countText(total)}
      </span>
      <span class="number quiet group-time" title="Mean time of an attempt's run phase">
        {attempts > 0 ? `⌀ ${durationText(phases.runMs / attempts)}` : ''}
      </span>
    </li>
  );
}

const sumOf = (counts: StateCounts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
