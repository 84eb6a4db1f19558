// A program of its own, for what can be seen from outside only: what it prints, whether and how it ends. Its argument says what it does.
import {
  type ActorRef,
  ask,
  exited,
  kill,
  type Parent,
  spawnActor,
  startActorSystem,
  startSupervisor,
  tell,
} from '../../lib/actor/index.js';

type Message = 'crash' | 'reject' | 'hang' | ActorRef<string>;

const worker = (parent: Parent): Promise<ActorRef<Message>> =>
  spawnActor<Message>(parent, async (state, message) => {
    if (message === 'crash') throw new Error('secret');
    if (message === 'reject') await Promise.reject(new Error('secret'));
    else if (message === 'hang') await new Promise<never>(() => {});
    else tell(message as ActorRef<string>, 'answer');
    return state;
  });

/** Tells the parent process, for standard output has to stay clean. */
const report = (value: unknown): void => void process.stderr.write(`${JSON.stringify(value)}\n`);

const stories: Readonly<Record<string, () => Promise<void>>> = {
  /** Everything that ends: crashes, restarts, giving up, kills, questions in flight, at last the system. */
  async everything() {
    const system = await startActorSystem('program');
    const supervisor = await startSupervisor(system, { children: [{ id: 'a', start: worker }] });
    const refs: ActorRef<Message>[] = [];
    for (const message of ['crash', 'reject', 'crash', 'crash'] as const) {
      const [child] = await supervisor.whichChildren();
      const ref = child!.ref as ActorRef<Message>;
      refs.push(ref);
      tell(ref, message);
      await exited(ref);
    }
    const gaveUp = await supervisor.exited;
    tell(refs[0]!, 'crash');
    const hanging = await worker(system);
    tell(hanging, 'hang');
    const asking = [1e6, 2 ** 40, Number.POSITIVE_INFINITY].map((timeoutMs) =>
      ask(hanging, (replyTo: ActorRef<string>) => replyTo, timeoutMs).catch((error: { code: string }) => error.code),
    );
    await startSupervisor(system, { children: [{ id: 'a', start: worker, shutdown: 1e9 }] });
    const last = await worker(system);
    const answer = await ask(last, (replyTo: ActorRef<string>) => replyTo, 1e6);
    kill(hanging);
    tell(last, 'crash');
    await system.stop();
    const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    report({ gaveUp, answer, asked: await Promise.all(asking), timers });
  },

  /** Waits for nothing but time of ours, at the top of the program. */
  async waits() {
    const system = await startActorSystem();
    const silent = await worker(system);
    tell(silent, 'hang');
    const asked = await ask(silent, (replyTo: ActorRef<string>) => replyTo, 20).catch((error: { code: string }) => error.code);
    const start = async (parent: Parent): Promise<ActorRef<Message>> => {
      const ref = await worker(parent);
      tell(ref, 'hang');
      return ref;
    };
    const supervisor = await startSupervisor(system, { children: [{ id: 'a', start, shutdown: 20 }] });
    const [child] = await supervisor.whichChildren();
    await supervisor.stop();
    report({ asked, reason: await exited(child!.ref!) });
  },

  /** Starts children whose starts hold on to much, which temporary ones are to let go. */
  async forgets() {
    const system = await startActorSystem();
    const held = new Map<string, WeakRef<object>>();
    const spec = (id: string, restart: 'permanent' | 'temporary') => {
      const much = { id };
      held.set(id, new WeakRef(much));
      return { id, restart, start: (parent: Parent) => (much.id === id ? worker(parent) : ('ignore' as const)) };
    };
    const supervisor = await startSupervisor(system, { children: [spec('first', 'temporary'), spec('kept', 'permanent')] });
    for (let at = 0; at < 3; at++) await supervisor.startChild(spec(`later ${at}`, 'temporary'));
    const { active } = await supervisor.countChildren();
    await new Promise<void>((resolve) => setImmediate(resolve));
    (globalThis as { gc?: () => void }).gc!();
    report({ active, held: [...held.keys()].filter((id) => held.get(id)!.deref()) });
    await system.stop();
  },

  /** Has nothing to do, and is not stopped. */
  async idles() {
    const system = await startActorSystem();
    await startSupervisor(system, { children: [{ id: 'a', start: worker }] });
    report('idle');
  },
};

await stories[process.argv[2]!]!();
