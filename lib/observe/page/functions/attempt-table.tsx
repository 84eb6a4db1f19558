import { PHASE_WORDS } from '../../views/index.js';
import type { FunctionDetail, RunHeader } from '../../views/view-types.js';
import { durationText } from '../format/amounts.js';
import { PhaseLegend, PhasesBar } from '../parts/bars.js';
import { Elapsed } from '../parts/elapsed.js';
import { Panel } from '../parts/panel.js';
import { SOURCE_SENTENCES } from '../parts/source-words.js';
import { StateBadge, StateMark } from '../parts/state-badge.js';
import { tookOf } from '../summary/summary-words.js';

interface AttemptsProps {
  readonly of: FunctionDetail;
  readonly run: RunHeader;
  readonly atMs: number;
}

/** The attempts of a function, each with its node, its times, and what these were made of. */
export function AttemptTable({ of, run, atMs }: AttemptsProps) {
  const { history, state, attempts, node, startMs } = of;
  const totals = history.map(({ phases }) => PHASE_WORDS.reduce((sum, [phase]) => sum + phases[phase], 0));
  const longestMs = Math.max(0, ...totals);
  const isRunning = state === 'running';
  if (history.length === 0 && !isRunning) {
    return (
      <Panel title="Attempts">
        <p class="quiet panel-body">{noAttemptWords(of)}</p>
      </Panel>
    );
  }
  const left = attempts - history.length - (isRunning ? 1 : 0);
  return (
    <Panel title="Attempts" aside={history.length > 0 && <PhaseLegend />}>
      <div class="scroll-x">
        <table class="data attempt-table">
          <thead>
            <tr>
              <th scope="col" class="right">
                No
              </th>
              <th scope="col">End</th>
              <th scope="col">Node</th>
              <th scope="col">Slot</th>
              <th scope="col" class="right">
                Start
              </th>
              <th scope="col" class="right">
                Took
              </th>
              <th scope="col" class="column-phases">
                Phases
              </th>
            </tr>
          </thead>
          <tbody>
            {history.map((attempt, at) => (
              <tr key={attempt.attempt}>
                <td class="right number">{attempt.attempt}</td>
                <td>
                  <span class="badge">
                    <StateMark
                      state={attempt.outcome === 'succeeded' ? 'succeeded' : attempt.outcome === 'cancelled' ? 'cancelled' : 'failed'}
                    />
                    {attempt.outcome}
                  </span>
                </td>
                <td class="user-text">{attempt.node}</td>
                <td class="user-text">
                  {attempt.isolation} {attempt.slot}
                </td>
                <td class="right number">+{durationText(attempt.startMs)}</td>
                <td class="right number">{durationText(tookOf(attempt.phases))}</td>
                <td class="column-phases">
                  <PhasesBar phases={attempt.phases} longestMs={longestMs} />
                  <span class="quiet number phases-text">{phasesText(attempt.phases, totals[at]!)}</span>
                </td>
              </tr>
            ))}
            {isRunning && (
              <tr>
                <td class="right number">{Math.max(1, attempts)}</td>
                <td>
                  <StateBadge state="running" />
                </td>
                <td class="user-text">{node ?? '–'}</td>
                <td>–</td>
                <td class="right number">{startMs === undefined ? '–' : `+${durationText(startMs)}`}</td>
                <td class="right number">
                  {startMs === undefined ? '–' : <Elapsed ms={run.elapsedMs - startMs} atMs={atMs} isRunning={run.state === 'running'} />}
                </td>
                <td class="column-phases quiet">known when it ends</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {left > 0 && history.length > 0 && <p class="quiet more">{left} earlier ones are no longer kept</p>}
    </Panel>
  );
}

/** Why no attempt is listed. */
function noAttemptWords({ source, attempts, state }: FunctionDetail): string {
  if (source) return SOURCE_SENTENCES[source];
  if (attempts > 0) return 'Its attempts are no longer kept one by one.';
  return state === 'succeeded' ? 'It has no attempt of its own: its result is made of that of others.' : 'There was no attempt yet.';
}

/** The two phases that took most, in words. */
function phasesText(phases: FunctionDetail['history'][number]['phases'], totalMs: number): string {
  return PHASE_WORDS.map(([phase, name]) => ({ name, ms: phases[phase] }))
    .filter(({ ms }) => ms > totalMs / 20)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 3)
    .map(({ name, ms }) => `${name} ${durationText(ms)}`)
    .join(' · ');
}
