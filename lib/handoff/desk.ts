import { type NactRef, tellNact } from '../actor/index.js';
import { type HandoffError, type Logger, newRunId } from '../base/index.js';
import type { DagLike } from '../dag/index.js';
import type { PreparedRun, RunEnd, RunEvent, Runs } from '../runner/index.js';

/** What `handoff.actor` understands. `replyTo` and `subscriber` are any nact references. */
export type HandoffMessage =
  | { readonly type: 'execute'; readonly dag: DagLike; readonly options?: object; readonly replyTo: NactRef<HandoffReply> }
  | { readonly type: 'cancel'; readonly runId: string; readonly reason?: unknown }
  | { readonly type: 'subscribe'; readonly runId: string; readonly subscriber: NactRef<RunEvent> };

/** What it answers to `execute`: `run-started`, then one of the others; a request that fails before it starts: `run-failed` alone. */
export type HandoffReply =
  | { readonly type: 'run-started'; readonly runId: string; readonly dagId: string }
  | {
      readonly type: 'run-completed';
      readonly runId: string;
      readonly dagId: string;
      readonly results: Readonly<Record<string, unknown>>;
      readonly allocations: Readonly<Record<string, string>>;
    }
  | { readonly type: 'run-failed'; readonly runId: string; readonly error: HandoffError };

/** A run that the promise API has prepared: it goes the same way as the requests of actors. */
export class LaunchRun {
  readonly prepared: PreparedRun;

  constructor(prepared: PreparedRun) {
    this.prepared = prepared;
  }
}

/** What the desk works with. */
export interface DeskParts {
  readonly runs: Runs;
  readonly logger: Logger;
}

/** The embedded actor API: one message in, messages to `replyTo` out. A message that makes no sense is logged, and answered where it can be. */
export function receiveAtDesk(message: unknown, { runs, logger }: DeskParts): void {
  if (message instanceof LaunchRun) return runs.launch(message.prepared);
  const { type, ...request } = (typeof message === 'object' && message !== null ? message : {}) as Readonly<Record<string, unknown>>;
  switch (type) {
    case 'execute':
      return execute(request, runs);
    case 'cancel':
      void runs.cancel(String(request.runId), request.reason);
      return;
    case 'subscribe':
      if (!runs.subscribe(String(request.runId), (event) => void tellNact(request.subscriber, event))) {
        logger.warn({ runId: request.runId }, 'cannot subscribe: no such run');
      }
      return;
    default:
      logger.warn({ type: String(type) }, 'the handoff actor was sent a message that it does not know');
  }
}

function execute({ dag, options, replyTo }: Readonly<Record<string, unknown>>, runs: Runs): void {
  const reply = (message: HandoffReply): void => void tellNact(replyTo, message);
  let prepared: PreparedRun;
  try {
    prepared = runs.prepare(dag as DagLike, options, 'cluster');
  } catch (error) {
    return reply({ type: 'run-failed', runId: newRunId(), error: error as HandoffError });
  }
  const { runId, dagId } = prepared.run;
  reply({ type: 'run-started', runId, dagId });
  prepared.onEnd = (end: RunEnd) => {
    if (end.type === 'failed') return reply({ type: 'run-failed', runId, error: end.error });
    const { results, allocations } = end.outcome;
    return reply({ type: 'run-completed', runId, dagId, results, allocations });
  };
  runs.launch(prepared);
}
