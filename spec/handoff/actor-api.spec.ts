import { expect } from 'chai';
import * as nact from 'nact';
import { Dag, functionsIn, Handoff, type HandoffReply, type RunEvent } from '../../lib/index.js';
import { spyLogger } from '../support/spy-logger.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

type Heard = HandoffReply | RunEvent;
type NactSystem = Parameters<typeof nact.spawn>[0];

/** A plain nact actor of the user's: keeps what it hears, and tells when `isLast` is heard. */
function listener(system: NactSystem, isLast: (message: Heard) => boolean): { ref: nact.Ref<Heard>; heard: Promise<Heard[]> } {
  let ref!: nact.Ref<Heard>;
  const heard = new Promise<Heard[]>((resolve) => {
    const messages: Heard[] = [];
    ref = nact.spawn(system, (_state: undefined, message: Heard) => {
      messages.push(message);
      if (isLast(message)) resolve(messages);
      return undefined;
    });
  });
  return { ref, heard };
}

const isEnd = ({ type }: Heard): boolean => type === 'run-completed' || type === 'run-failed';

describe('the embedded actor API', () => {
  let handoff: Handoff;
  let system: NactSystem;
  const logger = spyLogger();
  const send = (message: object): void => nact.dispatch(handoff.actor as never, message as never);
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger });
    system = nact.start({ name: 'users-own' } as never);
  });
  after(async () => {
    nact.stop(system);
    await handoff.stop();
  });

  it('runs a DAG for an actor of the user’s, which hears of its start, its events and its end', async () => {
    const dag = new Dag('by-actor')
      .add({ id: 'sum', code: tasks.add, extraArgs: [1, 2] })
      .add({ id: 'twice', code: tasks.double, args: ['sum'] });
    const events = listener(system, isEnd);
    let runId = '';
    const replies = await new Promise<Heard[]>((resolve) => {
      const messages: Heard[] = [];
      const driver = nact.spawn(
        system as never,
        ((_state: undefined, message: HandoffReply) => {
          messages.push(message);
          if (message.type === 'run-started') {
            runId = message.runId;
            send({ type: 'subscribe', runId, subscriber: events.ref });
          }
          if (isEnd(message)) resolve(messages);
        }) as never,
      );
      send({ type: 'execute', dag, replyTo: driver });
    });
    const heard = (await events.heard) as RunEvent[];
    const { atMs } = replies[0]!;
    expect(replies[0]).to.deep.equal({ type: 'run-started', runId, dagId: 'by-actor', total: 2, atMs });
    expect(replies[1]).to.deep.include({
      type: 'run-completed',
      runId,
      dagId: 'by-actor',
      results: { sum: 3, twice: 6 },
      allocations: { sum: 'here', twice: 'here' },
      failures: {},
    });
    expect(Object.keys(heard[0]!), 'the same fields as the event').to.have.members(Object.keys(replies[0]!));
    expect(heard.at(-1)).to.deep.equal(replies[1]);
    expect(heard[0]).to.include({ type: 'run-started', runId, total: 2 });
    expect(heard.filter(({ type }) => type === 'function-succeeded')).to.have.length(2);
    expect(heard.every((event) => event.runId === runId && event.atMs > 0)).to.equal(true);
    expect(heard.at(-1)).to.include({ type: 'run-completed' });
  });

  it('tells that a run failed, and why', async () => {
    const { ref, heard } = listener(system, isEnd);
    send({ type: 'execute', dag: new Dag('bad').add({ id: 'f', code: tasks.fail, extraArgs: ['oh'], maxRetries: 0 }), replyTo: ref });
    const [started, failed] = (await heard) as HandoffReply[];
    expect(started!.type).to.equal('run-started');
    const again = listener(system, isEnd);
    send({ type: 'subscribe', runId: started!.runId, subscriber: again.ref });
    expect((await again.heard).at(-1), 'the same fields as the event').to.deep.equal(failed);
    expect(failed).to.include({ type: 'run-failed', runId: started!.runId });
    expect((failed as { error: unknown }).error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f' });
  });

  it('tells at once, and only that, when a request cannot start', async () => {
    for (const [request, code] of [
      [{ dag: Dag.dynamic().add({ id: 'f', code: () => 1, args: ['missing'] }) }, 'HANDOFF_INVALID_DAG'],
      [{ dag: 'no dag' }, undefined],
      [{ dag: new Dag(), options: { collect: 'nonsense' } }, undefined],
    ] as const) {
      const { ref, heard } = listener(system, isEnd);
      send({ type: 'execute', ...request, replyTo: ref });
      const replies = await heard;
      expect(replies).to.have.length(1);
      const { error } = replies[0] as unknown as { error: Error };
      if (code) expect(error).to.include({ code });
      else expect(error).to.be.instanceOf(TypeError);
    }
  });

  it('cancels a run', async () => {
    const events = listener(system, isEnd);
    const dag = new Dag('cancelled').add({ id: 'f', code: tasks.untilAborted });
    const error = await new Promise<unknown>((resolve) => {
      const driver: nact.Ref<unknown> = nact.spawn(
        system as never,
        ((_state: undefined, message: HandoffReply) => {
          if (message.type === 'run-started') send({ type: 'subscribe', runId: message.runId, subscriber: watcher });
          if (message.type === 'run-failed') resolve(message.error);
        }) as never,
      );
      const watcher = nact.spawn(
        system as never,
        ((_state: undefined, message: RunEvent) => {
          nact.dispatch(events.ref, message);
          if (message.type === 'function-started') send({ type: 'cancel', runId: message.runId });
        }) as never,
      );
      send({ type: 'execute', dag, replyTo: driver });
    });
    expect(error).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
    expect((await events.heard).map(({ type }) => type)).to.include('function-cancelled');
  });

  it('replays the events of a run that is over', async () => {
    const run = await handoff.execute(new Dag('over').add({ id: 'f', code: () => 1 }));
    const { ref, heard } = listener(system, isEnd);
    send({ type: 'subscribe', runId: run.runId, subscriber: ref });
    expect((await heard).map(({ type }) => type)).to.deep.equal([
      'run-started',
      'function-ready',
      'function-started',
      'function-succeeded',
      'run-completed',
    ]);
  });

  it('replays the results for as long as they are kept, and to who holds the run', async () => {
    const dag = new Dag('kept').add({ id: 'f', code: () => [1] });
    const last = async (runId: string): Promise<Heard> => {
      const { ref, heard } = listener(system, isEnd);
      send({ type: 'subscribe', runId, subscriber: ref });
      return (await heard).at(-1)!;
    };
    const first = await handoff.execute(dag);
    expect(await last(first.runId)).to.deep.include({ results: { f: [1] }, allocations: { f: 'here' } });
    const run = handoff.execute(dag, { retainMs: 0 });
    await run;
    for (const runId of [first.runId, run.id])
      expect(await last(runId)).to.deep.include({ type: 'run-completed', results: {}, allocations: {} });
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    expect(events.at(-1)).to.deep.include({ type: 'run-completed', results: { f: [1] } });
  });

  it('is not troubled by what makes no sense', async () => {
    for (const message of [undefined, null, 'text', {}, { type: 'dance' }, { type: 'cancel' }, { type: 'subscribe' }, { type: 'execute' }])
      nact.dispatch(handoff.actor as never, message as never);
    const { ref, heard } = listener(system, isEnd);
    send({ type: 'execute', dag: new Dag().add({ id: 'f', code: () => 1 }), replyTo: ref });
    expect((await heard).at(-1)!.type).to.equal('run-completed');
    expect(logger.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });
});
