import { useState } from 'preact/hooks';
import type { RunHeader } from '../../views/view-types.js';
import { AnswerError } from '../data/data-source.js';
import { useSource } from '../data/use-answers.js';
import { countOf } from '../format/amounts.js';
import { Dialog } from '../parts/dialog.js';
import { Notice } from '../parts/notice.js';
import { RunStateBadge } from '../parts/state-badge.js';

type Step = { readonly at: 'closed' | 'asking' | 'sending' | 'sent' } | { readonly at: 'refused'; readonly message: string };

/** The one thing that the dashboard changes: it cancels a run. It asks first, and shows what came of it. */
export function CancelButton({ run }: { readonly run: RunHeader }) {
  const source = useSource();
  const [step, setStep] = useState<Step>({ at: 'closed' });
  const close = (): void => setStep({ at: 'closed' });
  const cancel = (): void => {
    setStep({ at: 'sending' });
    source.cancel(run.runId).then(
      // A dialog that was closed meanwhile stays closed: the state of the run tells the rest. A refusal opens it again.
      () => setStep((now) => (now.at === 'closed' ? now : { at: 'sent' })),
      (error: unknown) => setStep({ at: 'refused', message: error instanceof AnswerError ? error.message : String(error) }),
    );
  };
  const isOver = run.state !== 'running';
  const isAsked = step.at === 'sending' || step.at === 'sent';
  if (isOver && step.at === 'closed') return null;
  return (
    <>
      {!isOver && (
        <button type="button" class="button button-danger" onClick={() => setStep({ at: 'asking' })}>
          Cancel run…
        </button>
      )}
      {step.at !== 'closed' && (
        <Dialog title="Cancel this run?" onClose={close}>
          <p>
            <strong class="user-text">{run.dagId}</strong> <span class="mono quiet user-text">{run.runId}</span>
          </p>
          <Outcome step={step} run={run} />
          <div class="dialog-buttons">
            <button type="button" class="button" onClick={close}>
              {isAsked || isOver ? 'Close' : 'Keep it running'}
            </button>
            {(step.at === 'asking' || step.at === 'refused') && !isOver && (
              <button type="button" class="button button-danger" onClick={cancel}>
                Cancel the run
              </button>
            )}
          </div>
        </Dialog>
      )}
    </>
  );
}

function Outcome({ step, run }: { readonly step: Step; readonly run: RunHeader }) {
  const { running, waiting, ready, resting } = run.progress;
  const waits = waiting + ready + resting;
  if (run.state !== 'running') {
    return (
      <p role="status">
        The run is over: <RunStateBadge state={run.state} />
      </p>
    );
  }
  switch (step.at) {
    case 'sending':
      return <p role="status">Asking its driver…</p>;
    case 'sent':
      return <p role="status">Its driver ends it: {countOf(running, 'function')} still running.</p>;
    case 'refused':
      return (
        <Notice kind="danger">
          <p role="alert">It was not cancelled: {step.message}</p>
        </Notice>
      );
    default:
      return (
        <p>
          {countOf(running, 'running function')} will be stopped, and {countOf(waits, 'further one', 'further ones')} will not start. This
          cannot be undone.
        </p>
      );
  }
}
