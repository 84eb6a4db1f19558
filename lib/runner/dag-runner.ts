import { type ActorRef, exited, openGroup, type Parent, type Supervisor, spawnActor, startSupervisor, tell } from '../actor/index.js';
import type { DagRun } from './dag-run.js';
import type { Incarnation } from './run-order.js';

/** What a DagRunner is told: to take up its run, that the run is over, or that performing a command of it failed. */
export type DagRunnerMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'finish' }
  | { readonly type: 'crash'; readonly error: unknown };

/** A runner that crashes a third time within 5 s ends its run. */
const RUNNER_RESTARTS = { maxRestarts: 2, withinMs: 5000 };

/** The actor of one run: it supervises the function actors of the run, which end with it, and does what the brain of the run wants. */
async function startDagRunner(parent: Parent, run: DagRun): Promise<ActorRef<DagRunnerMessage>> {
  const self: ActorRef<DagRunnerMessage> = await spawnActor<DagRunnerMessage>(
    parent,
    (_state, message, ctx) => {
      if (message.type === 'crash') throw message.error;
      if (message.type === 'begin') run.resume(incarnation);
      else ctx.stop('normal');
      return undefined;
    },
    { name: 'DagRunner' },
  );
  const incarnation: Incarnation = {
    ref: self,
    group: openGroup(self),
    crash: (error) => void tell(self, { type: 'crash', error }),
    finish: () => void tell(self, { type: 'finish' }),
  };
  void exited(self).then(() => run.orphaned(incarnation));
  tell(self, { type: 'begin' });
  return self;
}

/** The supervisor of one run, which ends with its DagRunner. */
export const startRunSupervisor = (parent: Parent, run: DagRun): Promise<Supervisor> =>
  startSupervisor(parent, {
    name: `Run ${run.runId}`,
    ...RUNNER_RESTARTS,
    autoShutdown: 'any-significant',
    children: [{ id: 'DagRunner', restart: 'transient', significant: true, start: (scope) => startDagRunner(scope, run) }],
  });
