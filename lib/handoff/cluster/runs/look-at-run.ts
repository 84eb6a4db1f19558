import { doInTurns, HandoffError, type StepwiseWork, wholeTurn } from '../../../base/index.js';
import { checkedViewRequest, type ViewRequest, viewInSteps } from '../../../observe/index.js';
import type { Runs } from '../../../runner/index.js';

/** Looks at a run of this node: `json` is what is asked of it. Returns `undefined` if this node does not know the run. */
export type LookAtRun = (runId: string, json: string) => Promise<unknown> | undefined;

/** Returns what looks at the runs of a node. Rejects for a wrong question, and with `HANDOFF_NOT_FOUND` if nothing is left of the run. */
export function lookAtRun({ visible }: Pick<Runs, 'visible'>, node: string): LookAtRun {
  const gone = (runId: string): HandoffError =>
    new HandoffError('HANDOFF_NOT_FOUND', `Cannot show run ${runId}: it is over, and node "${node}" keeps no more of it`, { runId, node });
  const look: LookAtRun = (runId, json) => {
    const run = visible.observe(runId);
    if (run) return answer(() => doInTurns(aTurnEach(viewInSteps(run, requestIn(json)))));
    // A large DAG is still being laid out: the run is there in a moment, or never.
    const events = visible.eventsOf(runId);
    if (events instanceof Promise)
      return events.then((known) => (visible.observe(known) ? look(known, json) : Promise.reject(gone(runId))));
    return visible.knows(runId) ? Promise.reject(gone(runId)) : undefined;
  };
  return look;
}

/** The steps of a view of a large run may take a millisecond or two, so each has a turn of the event loop for itself. */
function* aTurnEach(steps: StepwiseWork<unknown>): StepwiseWork<unknown> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    yield* wholeTurn();
  }
}

/** Reads a question. Throws `TypeError` or `RangeError` for a wrong one. */
function requestIn(json: string): ViewRequest {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    throw new TypeError('Cannot answer: it must be JSON');
  }
  return checkedViewRequest(given);
}

/** What is thrown at once rejects too. */
const answer = async (make: () => Promise<unknown>): Promise<unknown> => make();
