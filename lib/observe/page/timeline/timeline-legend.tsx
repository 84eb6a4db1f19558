import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { groupColour, type ThemeName } from '../theme/tokens.js';

/** How many groups stand in a legend before the rest is asked for. */
const FIRST = 24;

interface TimelineLegendProps {
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  readonly theme: ThemeName;
  readonly highlighted: ReadonlySet<string>;
  readonly choose: (groups: ReadonlySet<string>) => void;
}

/** The groups with their colours, to make some stand out; and what the looks of bars mean. */
export function TimelineLegend({ groups, theme, highlighted, choose }: TimelineLegendProps): JSX.Element {
  const [hasAll, setAll] = useState(false);
  const shown = hasAll ? groups : groups.slice(0, FIRST);
  const toggle = (group: string): void => {
    const chosen = new Set(highlighted);
    if (!chosen.delete(group)) chosen.add(group);
    choose(chosen);
  };
  return (
    <div class="timeline-legend">
      <ul class="legend-groups" aria-label="Groups of functions: press one to make it stand out">
        {shown.map(({ group, count }) => (
          <li key={group}>
            <button
              type="button"
              class={highlighted.size > 0 && !highlighted.has(group) ? 'is-dim' : ''}
              aria-pressed={highlighted.has(group)}
              onClick={() => toggle(group)}
            >
              <span class="legend-swatch" style={{ background: groupColour(group, theme) }} />
              <span class="legend-name">{group}</span> <span class="legend-count">{count.toLocaleString('en')}</span>
            </button>
          </li>
        ))}
        {groups.length > shown.length && (
          <li>
            <button type="button" onClick={() => setAll(true)}>
              {groups.length - shown.length} more
            </button>
          </li>
        )}
        {highlighted.size > 0 && (
          <li>
            <button type="button" onClick={() => choose(new Set())}>
              Show all alike
            </button>
          </li>
        )}
      </ul>
      <ul class="legend-looks" aria-label="What bars look like">
        {(
          [
            ['phase phase-fetchMs', 'fetch'],
            ['phase phase-loadMs', 'load, pack'],
            ['phase phase-runMs', 'run'],
            ['phase phase-handOverMs', 'hand over'],
            ['look-running', 'running now'],
            ['look-failed', 'failed'],
            ['look-lost', 'lost with its node'],
            ['look-cancelled', 'cancelled'],
          ] as const
        ).map(([look, word]) => (
          <li key={word}>
            <span class={`legend-swatch is-wide ${look}`} />
            {word}
          </li>
        ))}
      </ul>
    </div>
  );
}
