import {
  type ActorContext,
  type ActorRef,
  type ActorSystem,
  type ChildInfo,
  type ChildRef,
  type ChildSpec,
  type ExitReason,
  exited,
  kill,
  openActorSystem,
  type Parent,
  type Supervisor,
  type SupervisorOptions,
  spawnActor,
  startSupervisor,
  tell,
} from '../../lib/actor/index.js';
import { spyLogger } from '../support/spy-logger.js';
import { type TestClock, testClock } from '../support/test-clock.js';

/** What a puppet does when it is told to. */
export type Act = (ctx: ActorContext<Act>) => unknown;
export type Puppet = ActorRef<Act>;

type ShortSpec = Partial<Pick<ChildSpec, 'restart' | 'shutdown' | 'type'>> & {
  readonly significant?: boolean;
  /** Called before each start: what it throws, or waits for, is the start's; `'ignore'` is passed on. */
  readonly before?: () => unknown;
  readonly onTerminate?: (reason: ExitReason) => void | Promise<void>;
};

/** A system under a clock that stands still, with actors that do as they are told and a trace of what became of them. */
export class World {
  readonly clock: TestClock = testClock();
  readonly logger = spyLogger();
  readonly system: ActorSystem = openActorSystem({ name: 'world', clock: this.clock, logger: this.logger });
  /** `start id` and `end id reason`, as it happened. */
  readonly trace: string[] = [];

  /** What was traced since the last call. */
  news(): readonly string[] {
    return this.trace.splice(0);
  }

  /** An actor that performs what it is sent. */
  puppet(
    parent: Parent = this.system,
    options: { name?: string; onTerminate?: (state: undefined, reason: ExitReason) => void | Promise<void> } = {},
  ): Promise<Puppet> {
    return spawnActor<Act>(
      parent,
      (state, act, ctx) => {
        const pending = act(ctx);
        return pending instanceof Promise ? pending.then(() => state) : state;
      },
      options,
    );
  }

  /** A child whose every start and end is traced. */
  child(id: string, { before, onTerminate, ...rest }: ShortSpec = {}): ChildSpec<Puppet> {
    const start = async (parent: Parent): Promise<Puppet | 'ignore'> => {
      this.trace.push(`start ${id}`);
      if ((await before?.()) === 'ignore') return 'ignore';
      return this.puppet(parent, {
        onTerminate: async (_state, reason) => {
          await onTerminate?.(reason);
          this.trace.push(`end ${id} ${reason instanceof Error ? reason.message : reason}`);
        },
      });
    };
    return { id, start, ...rest } as ChildSpec<Puppet>;
  }

  /** A child that is a supervisor itself. */
  branch(id: string, options: SupervisorOptions, rest: ShortSpec = {}): ChildSpec<Supervisor> {
    return { id, start: (parent: Parent) => startSupervisor(parent, options), ...rest } as ChildSpec<Supervisor>;
  }

  supervisor(options: SupervisorOptions = {}): Promise<Supervisor> {
    return startSupervisor(this.system, options);
  }

  /** Ends what a spec has left, whatever state it is in. */
  async clear(): Promise<void> {
    const stopped = this.system.stop();
    this.clock.advance(1e9);
    await stopped;
  }
}

/** What a supervisor knows of one child. */
export async function infoOf(supervisor: Supervisor, id: string): Promise<ChildInfo> {
  const found = (await supervisor.whichChildren()).find((child) => child.id === id);
  if (!found) throw new Error(`no child ${id}`);
  return found;
}

/** The reference of a child that runs. */
export async function refOf(supervisor: Supervisor, id: string): Promise<Puppet> {
  return (await infoOf(supervisor, id)).ref as Puppet;
}

/** The supervisor that runs as a child. */
export async function branchOf(supervisor: Supervisor, id: string): Promise<Supervisor> {
  return (await infoOf(supervisor, id)).ref as Supervisor;
}

/** As `a running, b stopped`. */
export async function statesOf(supervisor: Supervisor): Promise<string> {
  return (await supervisor.whichChildren()).map(({ id, state }) => `${id} ${state}`).join(', ');
}

/** Has a puppet end in a way, and waits until it has; the next order to its supervisor is behind the news. */
export async function end(ref: ChildRef | undefined, how: ExitReason): Promise<void> {
  if (how === 'killed') kill(ref!);
  else if (how instanceof Error) {
    tell(ref as Puppet, () => {
      throw how;
    });
  } else tell(ref as Puppet, (ctx) => ctx.stop(how));
  await exited(ref!);
}

/** Whether it takes messages. */
export const isAlive = (ref: ChildRef): boolean => tell(ref as Puppet, () => undefined);
