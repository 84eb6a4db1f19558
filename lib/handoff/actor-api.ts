import { type NactRef, tellNact } from '../actor/index.js';
import { type HandoffError, type Logger, newRunId, systemClock } from '../base/index.js';
import type { DagLike } from '../dag/index.js';
import type { CompletedEvent, FailedEvent, PreparedRun, RunEvent, Runs } from '../runner/index.js';
import { executeFault, statedDagId } from './options/execute-options.js';

/** A run that the promise API has prepared. It goes the same way as the requests of actors. */
export class LaunchRun {
  readonly prepared: PreparedRun;

  constructor(prepared: PreparedRun) {
    this.prepared = prepared;
  }
}

/** The embedded actor API: takes one message, and sends messages to `replyTo`. An invalid message is logged, and answered if possible. */
export function receiveApiMessage(message: unknown, { runs, logger }: ActorApiDeps): void {
  if (message instanceof LaunchRun) return runs.launch(message.prepared);
  const { type, ...request } = (typeof message === 'object' && message !== null ? message : {}) as Readonly<Record<string, unknown>>;
  switch (type) {
    case 'execute':
      return execute(request, runs);
    case 'cancel':
      void runs.cancel(String(request.runId), request.reason);
      return;
    case 'subscribe':
      if (!runs.visible.subscribe(String(request.runId), (event) => void tellNact(request.subscriber, event))) {
        logger.warn({ runId: request.runId }, 'cannot subscribe: no such run');
      }
      return;
    default:
      logger.warn({ type: String(type) }, 'the handoff actor was sent a message that it does not know');
  }
}

/** Which run it is shows when its record has been read. */
async function replyStart({ run }: PreparedRun, reply: (message: HandoffReply) => void): Promise<void> {
  for await (const event of run.events.iterate()) {
    if (event.type === 'run-started') reply(event);
    return;
  }
}

function execute({ dag, options, replyTo }: Readonly<Record<string, unknown>>, runs: Runs): void {
  const reply = (message: HandoffReply): void => void tellNact(replyTo, message);
  const atMs = systemClock.wallNow();
  let prepared: PreparedRun;
  try {
    prepared = runs.prepare(dag as DagLike, options, 'cluster');
  } catch (error) {
    return reply({
      type: 'run-failed',
      runId: newRunId(),
      dagId: statedDagId(dag, options),
      atMs,
      error: executeFault(error) as HandoffError,
    });
  }
  const { runId, dagId, progress } = prepared.run;
  const started = prepared.begin ? replyStart(prepared, reply) : undefined;
  if (!started) reply({ type: 'run-started', runId, dagId, atMs, total: progress.total });
  prepared.onEnd = ({ event }) => {
    if (started) void started.then(() => reply(event));
    else reply(event);
  };
  runs.launch(prepared);
}

/** The messages to `handoff.actor`. `replyTo` and `subscriber` are any nact references. */
export type HandoffMessage =
  | { readonly type: 'execute'; readonly dag: DagLike; readonly options?: object; readonly replyTo: NactRef<HandoffReply> }
  | { readonly type: 'cancel'; readonly runId: string; readonly reason?: unknown }
  | { readonly type: 'subscribe'; readonly runId: string; readonly subscriber: NactRef<RunEvent> };

/**
 * The answers to `execute`: `run-started`, then one of the others. A request that fails before it starts is answered with `run-failed`
 * alone. An answer has all fields of the event with the same name, so an actor may be both `replyTo` and `subscriber`.
 */
export type HandoffReply = Extract<RunEvent, { type: 'run-started' }> | CompletedEvent | FailedEvent;

/** The parts of the node that the actor API needs. */
export interface ActorApiDeps {
  readonly runs: Runs;
  readonly logger: Logger;
}
