import type { Phases } from '../../../runner/index.js';
import { PHASE_WORDS } from '../../views/index.js';
import type { StateCounts } from '../../views/view-types.js';
import { countsSentence, durationText, percentText } from '../format/amounts.js';
import { STATE_LOOKS, STATES_IN_ORDER } from '../theme/tokens.js';

/** The least width of a segment that is not empty, percent: one failure among 100,000 must be seen. */
const LEAST_PERCENT = 0.6;

/** How many functions are in each state, as one bar of segments with colours and patterns. */
export function SegmentBar({
  counts,
  total,
  label,
}: {
  readonly counts: Partial<StateCounts>;
  readonly total: number;
  readonly label: string;
}) {
  const segments = STATES_IN_ORDER.filter((state) => (counts[state] ?? 0) > 0);
  return (
    <div class="segments" role="img" aria-label={`${label}: ${countsSentence(counts, STATES_IN_ORDER)}`}>
      {segments.map((state) => (
        <span
          key={state}
          class={`segment fill-${state} pattern-${STATE_LOOKS[state].pattern}`}
          style={{ flexGrow: counts[state]!, minWidth: `${LEAST_PERCENT}%`, flexBasis: 0 }}
        />
      ))}
      {total === 0 && <span class="segment fill-waiting" style={{ flexGrow: 1 }} />}
    </div>
  );
}

/** An amount in use, of how much there is, with its numbers as text. */
export function AmountBar({
  used,
  total,
  text,
  label,
}: {
  readonly used: number;
  readonly total: number;
  readonly text: string;
  readonly label: string;
}) {
  const percent = total > 0 ? Math.min(100, Math.max(0, (used / total) * 100)) : 0;
  const isFull = total > 0 && used >= total;
  return (
    <div class="amount" role="img" aria-label={`${label}: ${text} in use, ${percentText(used, total)}`}>
      <span class="amount-text">{text}</span>
      <span class={`amount-track${isFull ? ' is-full' : ''}`}>
        <span class="amount-fill" style={{ width: `${percent}%` }} />
      </span>
    </div>
  );
}

/** What an attempt was made of, as a bar whose length is its share of `longestMs`. */
export function PhasesBar({ phases, longestMs }: { readonly phases: Phases; readonly longestMs: number }) {
  const totalMs = PHASE_WORDS.reduce((sum, [phase]) => sum + phases[phase], 0);
  const parts = PHASE_WORDS.filter(([phase]) => phases[phase] > 0);
  const text = parts.map(([phase, name]) => `${name} ${durationText(phases[phase])}`).join(', ') || 'no time';
  const width = longestMs > 0 ? Math.max(1, (totalMs / longestMs) * 100) : 0;
  return (
    <div class="phases" role="img" aria-label={text} title={text}>
      <div class="phases-bar" style={{ width: `${width}%` }}>
        {parts.map(([phase, name]) => (
          <span key={phase} class={`phase-part phase-${name.replace(' ', '-')}`} style={{ flexGrow: phases[phase], flexBasis: 0 }} />
        ))}
      </div>
    </div>
  );
}

/** The names of phases with their colours. */
export const PhaseLegend = () => (
  <ul class="legend" aria-label="Phases">
    {PHASE_WORDS.map(([phase, name]) => (
      <li key={phase}>
        <span class={`swatch phase-${name.replace(' ', '-')}`} aria-hidden="true" />
        {name}
      </li>
    ))}
  </ul>
);
