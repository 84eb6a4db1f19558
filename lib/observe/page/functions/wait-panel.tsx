import type { RunHeader, WaitDetail } from '../../views/view-types.js';
import { countText, durationText } from '../format/amounts.js';
import { Elapsed } from '../parts/elapsed.js';
import { LackTag } from '../parts/lack-tag.js';
import { Notice } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { StateMark } from '../parts/state-badge.js';
import { waitSentence } from './wait-sentence.js';

/** How many producers and nodes are named. */
const NAMED = 12;

/** Why a function waits: a sentence, and below it what it names. */
export function WaitPanel({ wait, run, atMs }: { readonly wait: WaitDetail; readonly run: RunHeader; readonly atMs: number }) {
  const isInfeasible = wait.for === 'room' && wait.lacking.length === 0;
  return (
    <Notice kind={isInfeasible ? 'danger' : 'calm'}>
      <p class="wait-sentence">
        {waitSentence(wait)} <span class="quiet">Since </span>
        <Elapsed ms={wait.forMs} atMs={atMs} isRunning={run.state === 'running'} />
        {wait.untilMs !== undefined && <span class="quiet">, until +{durationText(wait.untilMs)}</span>}
      </p>
      {wait.producers.length > 0 && (
        <ul class="chips">
          {wait.producers.slice(0, NAMED).map(({ functionId, state }) => (
            <li key={functionId}>
              <PageLink to={{ page: 'function', runId: run.runId, functionId }} class="mono user-text">
                <StateMark state={state} />
                {functionId}
              </PageLink>
            </li>
          ))}
          {wait.producers.length > NAMED && <li class="quiet">and {countText(wait.producers.length - NAMED)} more</li>}
        </ul>
      )}
      {wait.lacking.length > 0 && (
        <ul class="chips">
          {wait.lacking.slice(0, NAMED).map(({ node, lacking }) => (
            <li key={node}>
              <span class="user-text">{node}</span>
              {Object.keys(lacking).length > 0 && <LackTag lacking={lacking} />}
              {Object.keys(lacking).length === 0 && <span class="quiet"> has room</span>}
            </li>
          ))}
          {wait.lacking.length > NAMED && <li class="quiet">and {countText(wait.lacking.length - NAMED)} more nodes</li>}
        </ul>
      )}
    </Notice>
  );
}
