import type { RunHeader } from '../../views/view-types.js';
import { wallMs } from '../browser-clock.js';
import { useSource } from '../data/use-answers.js';
import { countText, durationText, percentText } from '../format/amounts.js';
import { wallText } from '../format/wall-time.js';
import { SegmentBar } from '../parts/bars.js';
import { CopyText } from '../parts/copy-text.js';
import { Elapsed } from '../parts/elapsed.js';
import { ErrorText } from '../parts/error-text.js';
import { Notice } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { PageTitle } from '../parts/page-title.js';
import { notRunWords } from '../parts/source-words.js';
import { RunStateBadge, StateMark } from '../parts/state-badge.js';
import { STATES_IN_ORDER } from '../theme/tokens.js';
import { CancelButton } from './cancel-button.js';

/** What is said of a run on each of its pages: its state, how long it has gone on, how far it is, why it failed. */
export function RunHead({ run, atMs }: { readonly run: RunHeader; readonly atMs: number }) {
  const source = useSource();
  const over = run.progress.succeeded + run.progress.failed + run.progress.skipped + run.progress.cancelled;
  return (
    <>
      <PageTitle title={run.dagId}>
        <dl class="facts">
          <Fact name="State">
            <RunStateBadge state={run.state} />
          </Fact>
          <Fact name={run.state === 'running' ? 'Elapsed' : 'Took'}>
            {run.state === 'running' ? <Elapsed ms={run.elapsedMs} atMs={atMs} isRunning /> : durationText(run.elapsedMs)}
          </Fact>
          <Fact name="Started">{wallText(run.startedAtMs, wallMs())}</Fact>
          <Fact name="Driver">{run.driver}</Fact>
          {run.key !== undefined && <Fact name="Key">{run.key}</Fact>}
          <Fact name="Run">
            <CopyText text={run.runId} what="the id of the run" />
          </Fact>
        </dl>
        {source.mode === 'live' && <CancelButton run={run} />}
      </PageTitle>
      <div class="run-total">
        <SegmentBar counts={run.progress} total={run.progress.total} label="Progress of the run" />
        <ul class="legend" aria-label="Functions by state">
          <li class="run-total-sum">
            <span class="number">
              {countText(over)} / {countText(run.progress.total)}
            </span>
            <span class="quiet">{percentText(over, run.progress.total)}</span>
          </li>
          {STATES_IN_ORDER.filter((state) => run.progress[state] > 0).map((state) => (
            <li key={state}>
              <PageLink to={{ page: 'run', runId: run.runId, tab: 'functions' }} query={{ state }}>
                <StateMark state={state} />
                <span class="number">{countText(run.progress[state])}</span> {state}
              </PageLink>
            </li>
          ))}
          {notRunWords(run) && <li class="quiet">{notRunWords(run)}</li>}
        </ul>
      </div>
      {run.error && (
        <Notice kind="danger">
          <ErrorText error={run.error} />
        </Notice>
      )}
    </>
  );
}

const Fact = ({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) => (
  <div class="fact">
    <dt>{name}</dt>
    <dd class="user-text">{children}</dd>
  </div>
);
