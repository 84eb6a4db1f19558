import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Phases } from '../../../runner/index.js';
import { PHASE_WORDS } from '../../views/index.js';
import { groupColour, type ThemeName } from '../theme/tokens.js';
import type { BarFacts } from './bar-facts.js';
import { shownDuration, tickLabel } from './time-labels.js';

/** What an attempt was made of: a stacked bar, and the numbers. */
export function PhaseBar({ phases, colour }: { readonly phases: Phases; readonly colour: string }): JSX.Element {
  const totalMs = PHASE_WORDS.reduce((sum, [phase]) => sum + phases[phase], 0);
  return (
    <>
      <div class="phase-bar" style={{ '--phase-colour': colour }} aria-hidden="true">
        {PHASE_WORDS.map(([phase]) => (
          <span key={phase} class={`phase phase-${phase}`} style={{ flexGrow: totalMs > 0 ? phases[phase] / totalMs : 0 }} />
        ))}
      </div>
      <dl class="phase-list" style={{ '--phase-colour': colour }}>
        {PHASE_WORDS.map(([phase, word]) => (
          <div key={phase}>
            <dt>
              <span class={`phase-key phase phase-${phase}`} />
              {word}
            </dt>
            <dd>{shownDuration(phases[phase])}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

interface BarCardProps {
  readonly facts: BarFacts;
  readonly theme: ThemeName;
  readonly xPx: number;
  readonly yPx: number;
}

/** The card beside a bar. It stays within the picture, and never below the pointer. */
export function BarCard({ facts, theme, xPx, yPx }: BarCardProps): JSX.Element {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = card;
    const over = current?.parentElement?.querySelector<HTMLElement>('.u-over');
    if (!current || !over?.parentElement) return;
    const [left, top] = [over.offsetLeft + xPx, over.offsetTop + yPx];
    const roomPx = current.parentElement!.clientWidth;
    const isRight = left + 18 + current.offsetWidth <= roomPx;
    const x = isRight ? left + 18 : Math.max(4, Math.min(left - 18 - current.offsetWidth, roomPx - current.offsetWidth - 4));
    // Below the pointer where the window has room for it, else above.
    const plotTop = current.parentElement!.getBoundingClientRect().top;
    const isBelow = plotTop + top + 18 + current.offsetHeight <= window.innerHeight || plotTop + top - 14 < current.offsetHeight;
    const y = isBelow ? top + 18 : top - 14 - current.offsetHeight;
    current.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  });
  const colour = groupColour(facts.group, theme);
  return (
    <div class="bar-card" ref={card} role="presentation">
      <p class="bar-card-title">
        <span class="bar-card-swatch" style={{ background: colour }} />
        <strong>{facts.functionId ?? `${facts.count.toLocaleString('en')} attempts`}</strong>
      </p>
      <p class="bar-card-line">
        <span class={`outcome outcome-${facts.outcome.split(/[ ,]/)[0]}`}>{facts.outcome}</span>
        {facts.attempt !== undefined && ` · attempt ${facts.attempt}`} · {shownDuration(facts.durationMs)}
      </p>
      <dl class="bar-card-facts">
        <dt>group</dt>
        <dd>{facts.count > 1 ? `mostly ${facts.group}` : facts.group}</dd>
        <dt>node</dt>
        <dd>{facts.node}</dd>
        <dt>slot</dt>
        <dd>{facts.slot ?? 'known when it ends'}</dd>
        <dt>start</dt>
        <dd>{tickLabel(facts.startMs, Math.max(0.01, facts.durationMs / 100))}</dd>
      </dl>
      {facts.phases && <PhaseBar phases={facts.phases} colour={colour} />}
      {facts.count > 1 && <p class="bar-card-line">Click to zoom in</p>}
    </div>
  );
}
