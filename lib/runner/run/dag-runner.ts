import {
  type ActorRef,
  openGroup,
  type Parent,
  type Supervisor,
  spawnNow,
  startLimitedChild,
  tell,
  whenExited,
} from '../../actor/index.js';
import type { DagRun } from './dag-run.js';
import type { RunnerIncarnation } from './run-job.js';

/** Messages to a DagRunner: take the run over; the run is over; performing a command failed. */
export type DagRunnerMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'finish' }
  | { readonly type: 'crash'; readonly error: unknown };

/** A runner that crashes a third time within 5 s ends its run. */
const RUNNER_RESTARTS = { maxRestarts: 2, withinMs: 5000 };

/**
 * Starts the actor of one run. It supervises the function actors of the run, which end with it, and performs what the run's brain wants.
 */
function startDagRunner(parent: Parent, run: DagRun): ActorRef<DagRunnerMessage> {
  const self: ActorRef<DagRunnerMessage> = spawnNow<DagRunnerMessage>(
    parent,
    (_state, message, ctx) => {
      if (message.type === 'crash') throw message.error;
      if (message.type === 'begin') run.resume(incarnation);
      else ctx.stop('normal');
      return undefined;
    },
    { name: run.order.runnerName },
  );
  const incarnation: RunnerIncarnation = {
    ref: self,
    group: openGroup(self),
    crash: (error) => void tell(self, { type: 'crash', error }),
    finish: () => void tell(self, { type: 'finish' }),
  };
  whenExited(self, () => run.orphaned(incarnation));
  tell(self, { type: 'begin' });
  return self;
}

/** A run, as the code that keeps its DagRunner alive sees it. */
export interface Supervised {
  readonly run: DagRun;
  /** Whether it still needs a DagRunner. */
  readonly goesOn: () => boolean;
  /** Called when its DagRunner has crashed too often. */
  readonly onGiveUp: (cause: unknown) => void;
}

/**
 * Starts the DagRunner of a run under the supervisor of runs, and restarts it after a crash while the run goes on. Its restarts do not
 * count for other runs. Rejects with `HANDOFF_STOPPED` if that supervisor has ended.
 */
export function superviseRun(supervisor: Supervisor, { run, goesOn, onGiveUp }: Supervised): Promise<unknown> {
  const start = (parent: Parent): 'ignore' | ActorRef<DagRunnerMessage> => (goesOn() ? startDagRunner(parent, run) : 'ignore');
  const { maxRestarts, withinMs } = RUNNER_RESTARTS;
  return startLimitedChild(supervisor, { id: run.order.runnerName, restart: 'transient', start }, { maxRestarts, withinMs, onGiveUp });
}
