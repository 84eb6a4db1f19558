import { HandoffError } from '../../../base/index.js';
import type { ViewAnswers, ViewRequest } from '../../../observe/index.js';
import { shapes } from '../../../peer/index.js';

const { id, nodeName, number, object, word } = shapes;

/** What every view begins with, as far as those that receive it rely on it. */
const wireView = object(
  {
    run: object(
      {
        runId: id,
        dagId: id,
        driver: nodeName,
        state: word('running', 'completed', 'failed', 'cancelled'),
        progress: object({ total: number }, { open: true }),
        startedAtMs: number,
        elapsedMs: number,
        version: number,
      },
      { open: true },
    ),
  },
  { open: true },
);

/** Returns a view that a node has sent. Throws `HANDOFF_BAD_MESSAGE` if it is none. */
export function receivedView<R extends ViewRequest>(from: string, answer: unknown): ViewAnswers[R['view']] {
  const fault = wireView(answer);
  if (fault === undefined) return answer as ViewAnswers[R['view']];
  const where = fault === '' ? 'it is no view' : `wrong ${fault}`;
  throw new HandoffError('HANDOFF_BAD_MESSAGE', `Cannot understand what node "${from}" tells of a run: ${where}`, { node: from });
}
