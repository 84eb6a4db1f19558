import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { inspectNode } from '../../lib/handoff/index.js';
import { ClusterObserver, Dag, HandoffError, type RunEvent } from '../../lib/index.js';
import type { Question, WireMessage } from '../../lib/peer/index.js';
import { unpackError } from '../../lib/value/index.js';
import { COOKIE, peerNode } from '../peer/world.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await nextTurn();
};

/** A member that says what a spec wants it to say, and nothing else. */
async function stranger(cluster: SpecCluster, name: string, isObserver = false) {
  const node = peerNode({ name, clock: systemClock, transport: cluster.network.transport(name), isObserver });
  const answers = new Map<number, { readonly value: unknown; readonly error: Error | undefined }>();
  let heard = (_from: string, _message: WireMessage): void => {};
  node.table.attach({
    up() {},
    down() {},
    messages: (from, messages) => {
      for (const message of messages) {
        if (message.type === 'answer')
          answers.set(message.id, { value: message.value, error: message.error ? unpackError(message.error) : undefined });
        else heard(from, message);
      }
    },
    value() {},
    expects: () => false,
    memoryFor: () => undefined,
    notUnderstood() {},
    notDialled() {},
  });
  await node.table.join(cluster.node('a').address!);
  let last = 0;
  const ask = (question: Question): number => {
    last += 1;
    node.table.send('a', { type: 'ask', id: last, question });
    return last;
  };
  const send = (message: WireMessage): void => void node.table.send('a', message);
  const hears = (listener: typeof heard): void => {
    heard = listener;
  };
  return { ...node, ask, send, answers, hears };
}

describe('readers that mean harm', () => {
  let cluster: SpecCluster;
  const held = { gate: gate() };
  /** When the events of the run began. */
  let log = 0;

  beforeEach(async () => {
    cluster = await SpecCluster.of({ a: { cookie: COOKIE, dashboard: '127.0.0.1:0' } });
    held.gate = gate();
  });
  afterEach(() => cluster.stop());

  const begin = async () => {
    const run = cluster.node('a').execute(Dag.dynamic('d').add({ id: 'held', code: () => held.gate.pass() }));
    await held.gate.reached;
    for await (const { atMs } of run) {
      log = atMs;
      break;
    }
    return { run };
  };
  const watch = (runId: string, over: Partial<Extract<Question, { kind: 'watch-run' }>> = {}) =>
    ({ kind: 'watch-run', all: true, runId, output: true, wait: true, from: [log, 1_000_000, 0], ...over }) as const;
  const open = (): number => cluster.node('a')[inspectNode]().watchers;

  it('are at most 128 for each node, and 256 in all; others are refused with an error, and all are forgotten with their node', async () => {
    const { run } = await begin();
    const many = await Promise.all(['one', 'two', 'three'].map((name, at) => stranger(cluster, name, at === 0)));
    for (const { ask } of many) for (let count = 0; count < 500; count += 1) ask(watch(run.id));
    await until(() => many.reduce((sum, { answers }) => sum + answers.size, 0) === 1500 - 256);
    expect(open()).to.equal(256);
    for (const { answers } of many) {
      for (const { error } of answers.values()) expect(HandoffError.is(error, 'HANDOFF_ALLOCATION_FAILED')).to.equal(true);
    }
    expect(many.map(({ answers }) => 500 - answers.size)).to.deep.equal([128, 128, 0]);
    for (const { table } of many) await table.close();
    // Members are lost after the time-out.
    await until(() => open() === 0);
    held.gate.open();
  });

  it('get nothing for places where they never were, for runs that are not, and for questions that they take back', async () => {
    const { run } = await begin();
    const one = await stranger(cluster, 'one');
    const beyond = one.ask(watch(run.id, { wait: false, from: [log, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] }));
    await until(() => one.answers.has(beyond));
    expect(one.answers.get(beyond)!.value).to.deep.include({ events: [], isOver: true });
    const unknown = one.ask(watch('x'.repeat(1_000_000)));
    const garbage = one.ask({ kind: 'show-run', all: true, runId: run.id, request: '{' });
    await until(() => one.answers.has(unknown) && one.answers.has(garbage));
    expect(HandoffError.is(one.answers.get(unknown)!.error, 'HANDOFF_NOT_FOUND')).to.equal(true);
    expect(one.answers.get(unknown)!.error!.message.length).to.be.below(300);
    expect(one.answers.get(garbage)!.error).to.be.instanceOf(Error);
    const taken = one.ask(watch(run.id));
    await until(() => open() === 1);
    for (let id = 0; id < 1000; id += 1) one.send({ type: 'withdraw-question', id });
    await until(() => open() === 0);
    held.gate.open();
    await run;
    expect(one.answers.has(taken)).to.equal(false);
    await one.table.close();
  });

  it('ask in a circle in vain: a node asks its links, and these ask nobody', async () => {
    const [one, two] = [await stranger(cluster, 'one'), await stranger(cluster, 'two')];
    const asked: string[] = [];
    for (const [name, member] of [
      ['one', one],
      ['two', two],
    ] as const) {
      member.hears((_from, message) => {
        if (message.type !== 'ask') return;
        asked.push(`${name} ${message.question.kind} ${'all' in message.question && message.question.all}`);
        // It asks in turn, as a node in a circle would.
        if (asked.length < 100) member.ask(watch('of a circle'));
        member.send({ type: 'answer', id: message.id, value: [], error: null });
      });
    }
    const first = one.ask(watch('of a circle'));
    await until(() => one.answers.has(first));
    expect(HandoffError.is(one.answers.get(first)!.error, 'HANDOFF_NOT_FOUND')).to.equal(true);
    expect(asked.every((question) => question.endsWith('list-runs false'))).to.equal(true);
    await one.table.close();
    await two.table.close();
  });

  it('are also drivers that lie about their runs: what they send is refused, and ends nothing but the watch', async () => {
    const one = await stranger(cluster, 'one');
    const lies: unknown[] = [
      null,
      'events',
      { events: [], next: [0, 0, 0] },
      { dagId: 'd', events: [{ type: 'run-started', atMs: 0, total: -1 }], next: [0, 0, 0], isOver: false },
      { dagId: 'd', events: [{ type: '__proto__', atMs: 0 }], next: [0, 0, 0], isOver: false },
      { dagId: 'd', events: Array(2000).fill({ type: 'events-missed', atMs: 0, count: 1 }), next: [0, 0, 0], isOver: false },
    ];
    let lie: unknown;
    one.hears((_from, message) => {
      if (message.type === 'ask' && message.question.kind === 'watch-run')
        one.send({ type: 'answer', id: message.id, value: lie, error: null });
    });
    one.send({ type: 'run-begun', runId: 'r', epoch: 0, dagId: 'd' });
    const told = one.ask({ kind: 'check-room', required: [] });
    await until(() => one.answers.has(told));
    const read = async (): Promise<RunEvent[]> => {
      const seen: RunEvent[] = [];
      for await (const event of cluster.node('a').watch('r')) seen.push(event);
      return seen;
    };
    for (lie of lies) {
      const error = await caught(read());
      expect(HandoffError.is(error, 'HANDOFF_BAD_MESSAGE'), `${JSON.stringify(lie)?.slice(0, 80)}: ${error}`).to.equal(true);
    }
    // An error that cannot be unpacked is an error all the same.
    lie = { dagId: 'd', events: [{ type: 'run-failed', atMs: 0, error: new Uint8Array([1, 2, 3]) }], next: [0, 1, 0], isOver: true };
    const [failed] = await read();
    expect(failed?.type === 'run-failed' && HandoffError.is(failed.error, 'HANDOFF_BAD_MESSAGE')).to.equal(true);
    await one.table.close();
  });

  it('are also drivers that answer nonsense to who looks at a run: that is said with their name, and to no page', async () => {
    const one = await stranger(cluster, 'one');
    let lie: unknown;
    one.hears((_from, message) => {
      if (message.type === 'ask' && message.question.kind === 'show-run')
        one.send({ type: 'answer', id: message.id, value: lie, error: null });
    });
    one.send({ type: 'run-begun', runId: 'r', epoch: 0, dagId: 'd' });
    const told = one.ask({ kind: 'check-room', required: [] });
    await until(() => one.answers.has(told));
    const run = {
      runId: 'r',
      dagId: 'd',
      driver: 'one',
      state: 'running',
      progress: { total: 1 },
      startedAtMs: 1,
      elapsedMs: 1,
      version: 1,
    };
    const lies: unknown[] = [
      null,
      'a view',
      7n,
      [],
      {},
      { run: null },
      { run: { ...run, state: '__proto__' } },
      { run: { ...run, elapsedMs: Number.NaN } },
      { run: { ...run, progress: null } },
    ];
    const node = cluster.node('a');
    const transport = cluster.network.transport('an observer');
    const observer = await ClusterObserver.start({ join: [node.address!], cookie: COOKIE, transport });
    const request = { view: 'groups' } as const;
    const asked = `${node.dashboardUrl}/api/run/r/view?request=${encodeURIComponent(JSON.stringify(request))}`;
    for (lie of lies) {
      const error = await caught(observer.view('r', request));
      expect(HandoffError.is(error, 'HANDOFF_BAD_MESSAGE') && error.node, String(error)).to.equal('one');
      const answer = await fetch(asked);
      expect(answer.status).to.equal(502);
      expect(await answer.text()).to.include('HANDOFF_BAD_MESSAGE');
    }
    lie = { run, groups: [] };
    expect(await observer.view('r', request)).to.deep.equal(lie);
    expect(await (await fetch(asked)).json()).to.deep.equal(lie);
    await observer.close();
    await one.table.close();
  });

  it('cannot pass for the driver of a run that another member drives', async () => {
    const b = await cluster.start('b', { cookie: COOKIE });
    const run = b.execute(Dag.dynamic('d').add({ id: 'held', code: () => held.gate.pass() }));
    await held.gate.reached;
    const one = await stranger(cluster, 'one');
    one.send({ type: 'run-begun', runId: run.id, epoch: 0, dagId: 'd' });
    one.send({ type: 'runs-under-way', runs: [[run.id, 0, []]] });
    const events = cluster.node('a').watch(run.id)[Symbol.asyncIterator]();
    expect((await events.next()).value).to.deep.include({ type: 'run-started', dagId: 'd' });
    await events.return!();
    held.gate.open();
    await run;
    await one.table.close();
  });
});
