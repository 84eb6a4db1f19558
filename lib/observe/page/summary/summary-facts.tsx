import type { ComponentChildren } from 'preact';
import type { AttemptOutcome } from '../../../runner/index.js';
import type { SummaryView } from '../../views/view-types.js';
import { bytesText, countOf, countsSentence, countText, durationText, percentText } from '../format/amounts.js';
import { SegmentBar } from '../parts/bars.js';
import { notRunWords } from '../parts/source-words.js';
import { RunStateBadge } from '../parts/state-badge.js';
import { STATES_IN_ORDER } from '../theme/tokens.js';

/** The figures of a run at a glance. */
export function SummaryFacts({ summary }: { readonly summary: SummaryView }) {
  const { run, functions, attempts, nodes, resultBytes, movedBytes } = summary;
  const workMs = nodes.reduce((sum, node) => sum + node.workMs, 0);
  const slots = nodes.reduce((sum, node) => sum + node.slots, 0);
  const busy = run.elapsedMs > 0 ? workMs / run.elapsedMs : 0;
  return (
    <dl class="summary-facts">
      <Fact name="Duration" value={durationText(run.elapsedMs)}>
        <RunStateBadge state={run.state} />
      </Fact>
      <Fact name="Functions" value={countText(functions)}>
        <SegmentBar counts={run.progress} total={functions} label="Functions" />
        {[countsSentence(run.progress, STATES_IN_ORDER), notRunWords(run)].filter((words) => words !== undefined).join('; ')}
      </Fact>
      <Fact name="Attempts" value={countText(attempts)}>
        {outcomeWords(summary)}
      </Fact>
      <Fact name="Work" value={durationText(workMs)}>
        {slots === 0 ? 'no slot was used' : `${busyWords(busy, slots)} on ${countOf(nodes.length, 'node')} busy on average`}
      </Fact>
      <Fact name="Values" value={bytesText(resultBytes)}>
        {movedBytes === 0 ? 'none moved between nodes' : `${bytesText(movedBytes)} moved between nodes`}
      </Fact>
    </dl>
  );
}

/** How many slots were busy, of how many. */
const busyWords = (busy: number, slots: number): string =>
  `${busy.toFixed(busy < 9.95 ? 1 : 0)} of ${countOf(slots, 'slot')} (${percentText(busy, slots)})`;

function Fact({ name, value, children }: { readonly name: string; readonly value: string; readonly children: ComponentChildren }) {
  return (
    <div class="summary-fact">
      <dt>{name}</dt>
      <dd>
        <span class="summary-value number">{value}</span>
        <span class="summary-more">{children}</span>
      </dd>
    </div>
  );
}

/** Outcomes other than success, in the order in which they matter. */
const OTHER_OUTCOMES: readonly AttemptOutcome[] = ['failed', 'timed-out', 'lost', 'cancelled'];

function outcomeWords({ run, outcomes, attempts }: SummaryView): string {
  if (attempts === 0) return run.state === 'completed' || run.notRun ? 'none was needed' : 'none is over';
  const others = OTHER_OUTCOMES.flatMap((outcome) =>
    outcomes[outcome] > 0 ? [`${countText(outcomes[outcome])} ${outcome.replace('-', ' ')}`] : [],
  );
  return others.length === 0 ? 'all succeeded' : others.join(', ');
}
