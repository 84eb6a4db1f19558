import type { Phases } from '../../../runner/index.js';
import { PHASE_WORDS } from '../../views/index.js';
import type { SummaryView } from '../../views/view-types.js';
import { durationText, percentText } from '../format/amounts.js';
import { Panel } from '../parts/panel.js';
import { allPhasesOf, type PhaseName, tookOf } from './summary-words.js';

/** What each phase is. */
const MEANINGS: Readonly<Record<PhaseName, string>> = {
  waitMs: 'ready, until there was room on a node',
  fetchMs: 'arguments gathered from other nodes and files',
  loadMs: 'module loaded, arguments unpacked',
  runMs: 'the function itself',
  packMs: 'result checked and packed',
  handOverMs: 'the rest: wire, thread, event loop',
};

/** Where the time went by phase: of the critical path, which made the run as long as it was, and of all attempts. */
export function PhasesPanel({ summary: { criticalPhases, phases, attempts } }: { readonly summary: SummaryView }) {
  if (attempts === 0) return null;
  return (
    <Panel title="Where the time went">
      <div class="stacks">
        <Stack name="Critical path" phases={criticalPhases} />
        <Stack name="All attempts" phases={{ ...phases, waitMs: 0 }} />
      </div>
      <div class="scroll-x">
        <table class="data phase-table">
          <thead>
            <tr>
              <th scope="col">Phase</th>
              <th scope="col" class="is-wide-only">
                What it is
              </th>
              <th scope="col" class="right" colSpan={2}>
                Critical path
              </th>
              <th scope="col" class="right" colSpan={2}>
                All attempts
              </th>
            </tr>
          </thead>
          <tbody>
            {PHASE_WORDS.map(([phase, name]) => (
              <tr key={phase}>
                <th scope="row">
                  <span class={`swatch phase-${name.replace(' ', '-')}`} aria-hidden="true" />
                  {name}
                </th>
                <td class="quiet is-wide-only">{MEANINGS[phase]}</td>
                <Amounts ms={criticalPhases[phase]} totalMs={allPhasesOf(criticalPhases)} />
                <Amounts ms={phases[phase]} totalMs={phase === 'waitMs' ? undefined : tookOf(phases)} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** How long, and what part that is of the whole. Functions that wait at once wait for longer than the run took: that is part of nothing. */
function Amounts({ ms, totalMs }: { readonly ms: number; readonly totalMs: number | undefined }) {
  if (ms === 0) {
    return (
      <>
        <td class="right number quiet">–</td>
        <td class="is-part" />
      </>
    );
  }
  return (
    <>
      <td class="right number">{durationText(ms)}</td>
      <td class="is-part number">{totalMs !== undefined && percentText(ms, totalMs)}</td>
    </>
  );
}

/** All phases as one bar of full width. */
function Stack({ name, phases }: { readonly name: string; readonly phases: Phases }) {
  const total = allPhasesOf(phases);
  const words = PHASE_WORDS.filter(([phase]) => phases[phase] > 0).map(([phase, word]) => `${word} ${percentText(phases[phase], total)}`);
  return (
    <div class="stack">
      <span class="stack-name">{name}</span>
      <div class="stack-bar" role="img" aria-label={`${name}: ${words.join(', ') || 'no time'}`}>
        {PHASE_WORDS.filter(([phase]) => phases[phase] > 0).map(([phase, word]) => (
          <span
            key={phase}
            class={`stack-part phase-${word.replace(' ', '-')}`}
            style={{ flexGrow: phases[phase], flexBasis: 0 }}
            title={`${word}: ${durationText(phases[phase])}, ${percentText(phases[phase], total)}`}
          />
        ))}
      </div>
      <span class="stack-total number">{durationText(total)}</span>
    </div>
  );
}
