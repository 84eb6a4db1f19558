import type { SummaryView } from '../../views/view-types.js';
import { countOf, countText, durationText } from '../format/amounts.js';
import { PhasesBar } from '../parts/bars.js';
import { PageLink } from '../parts/page-link.js';
import { Panel } from '../parts/panel.js';
import { GroupSwatch } from './critical-path.js';
import { tookOf } from './summary-words.js';

/** The groups of functions that took most time. */
export function SlowestPanel({ summary: { run, slowest } }: { readonly summary: SummaryView }) {
  if (slowest.length === 0) return null;
  const longestMs = Math.max(...slowest.map(({ phases }) => tookOf(phases)));
  return (
    <Panel title="Slowest groups" aside={<span class="quiet">functions whose ids differ in digits only, by the time they took</span>}>
      <div class="scroll-x">
        <table class="data slowest-table">
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col" class="right is-wide-only">
                Functions
              </th>
              <th scope="col" class="right is-wide-only">
                Mean wait
              </th>
              <th scope="col" class="right">
                Took
              </th>
              <th scope="col" class="right is-wide-only">
                Mean attempt
              </th>
              <th scope="col" class="is-bar">
                Made of
              </th>
            </tr>
          </thead>
          <tbody>
            {slowest.map(({ group, total, attempts, counts, phases }) => (
              <tr key={group}>
                <td>
                  <span class="named">
                    <GroupSwatch group={group} />
                    <span>
                      <PageLink to={{ page: 'run', runId: run.runId, tab: 'functions' }} query={{ group }}>
                        {group}
                      </PageLink>
                      {counts.failed > 0 && <strong class="failed-words"> {countText(counts.failed)} failed</strong>}
                    </span>
                  </span>
                </td>
                <td class="right number is-wide-only" title={countOf(attempts, 'attempt')}>
                  {countText(total)}
                </td>
                <td class="right number quiet is-wide-only">{attempts > 0 ? durationText(phases.waitMs / attempts) : '–'}</td>
                <td class="right number">{durationText(tookOf(phases))}</td>
                <td class="right number is-wide-only">{attempts > 0 ? durationText(tookOf(phases) / attempts) : '–'}</td>
                <td class="is-bar">
                  <PhasesBar phases={{ ...phases, waitMs: 0 }} longestMs={longestMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
