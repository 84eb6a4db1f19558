import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import { arg, collocatedWith, Dag, Handoff, type NodeOptions, type RunEvent } from '../../lib/index.js';
import { spyLogger } from '../support/spy-logger.js';

type Ended = Extract<RunEvent, { type: 'function-succeeded' | 'function-failed' | 'function-resting' }>;
type Phases = NonNullable<Ended['phases']>;

const MODULES = fileURLToPath(new URL('modules/', import.meta.url));
const code = (name: string) => ({ module: './phased.mjs', name });

/** What `busyFor` takes at least, ms. */
const BUSY_MS = 25;

/** A clock whose wall time is its last reading: so events are told at the very moments by which attempts are measured. */
function steadyClock(): typeof systemClock {
  let last = systemClock.now();
  return {
    now: () => {
      last = systemClock.now();
      return last;
    },
    wallNow: () => last,
    after: (delayMs, action) => systemClock.after(delayMs, action),
  };
}

const eventsOf = async (run: AsyncIterable<RunEvent>): Promise<RunEvent[]> => {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
};
const isEnd = (event: RunEvent): event is Ended =>
  event.type === 'function-succeeded' || event.type === 'function-failed' || event.type === 'function-resting';
const sumOf = (phases: Phases): number => Object.values(phases).reduce((sum: number, ms: number) => sum + ms, 0);

/** Checks that the phases of each attempt are the time from ready to its end, but for the rounding of columns. Returns the ends. */
function addUp(events: readonly RunEvent[]): Ended[] {
  const readyMs = new Map<string, number>();
  const ends: Ended[] = [];
  for (const event of events) {
    if (event.type === 'function-ready') readyMs.set(event.functionId, event.atMs);
    if (!isEnd(event)) continue;
    ends.push(event);
    const { functionId, phases } = event;
    const ms = event.atMs - readyMs.get(functionId)!;
    expect(phases, functionId).to.have.all.keys('waitMs', 'fetchMs', 'loadMs', 'runMs', 'packMs', 'handOverMs');
    for (const [phase, took] of Object.entries(phases!)) expect(took, `${phase} of ${functionId}`).to.be.at.least(0);
    expect(sumOf(phases!), `the phases of ${functionId}: ${JSON.stringify(phases)}`).to.be.closeTo(ms, 0.01 + ms / 1e5);
  }
  return ends;
}

describe('the phases of attempts', () => {
  const nodes: Handoff[] = [];
  const start = async (name: string, options: NodeOptions = {}): Promise<Handoff> => {
    const [first] = nodes;
    const surroundings = { ...realEnvironment, clock: steadyClock() };
    const join = first && { join: [first.address!] };
    const all = { name, root: MODULES, listen: '127.0.0.1:0', threads: 1, logger: spyLogger(), ...join, ...options };
    const node = await Handoff[startNode](all, surroundings);
    nodes.push(node);
    return node;
  };
  afterEach(async () => {
    for (const node of nodes.splice(0).reverse()) await node.stop({ graceMs: 0 });
  });

  /** Runs the DAG on the first node, and returns the phases of each function's last attempt. */
  const phasesIn = async (dag: Parameters<Handoff['execute']>[0], options = {}): Promise<Record<string, Phases>> => {
    const run = nodes[0]!.execute(dag, { maxRetries: 0, collect: 'sinks', ...options });
    const live = eventsOf(run);
    await run.catch(() => {});
    const ends = addUp(await live);
    expect(addUp(await eventsOf(run))).to.deep.equal(ends);
    return Object.fromEntries(ends.map(({ functionId, phases }) => [functionId, phases!]));
  };

  it('are those of every attempt, also of those that failed, and are kept with the events', async () => {
    const here = await start('a');
    let tries = 0;
    const failFirst = (): number => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return BUSY_MS;
    };
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => 1 })
      .add({ id: 'b', args: ['a'], code: failFirst, maxRetries: 1, retry: { initialDelayMs: 5, jitter: 0 } })
      .add({ id: 'c', args: ['b'], code: code('busyFail') });
    const run = here.execute(dag, { maxRetries: 0 });
    await run.catch(() => {});
    const ends = addUp(await eventsOf(run));
    expect(ends.map(({ type, functionId, attempt }) => `${type} ${functionId} ${attempt}`)).to.deep.equal([
      'function-succeeded a 1',
      'function-resting b 1',
      'function-succeeded b 2',
      'function-failed c 1',
    ]);
    expect(ends.at(-1)!.phases!.runMs).to.be.at.least(BUSY_MS);
  });

  for (const isolation of ['loop', 'thread', 'process'] as const) {
    it(`tell the function from the loading of its module, in a ${isolation}`, async () => {
      await start('a');
      const dag = Dag.dynamic('d')
        .add({ id: 'slow', code: { module: './slow-to-import.mjs', name: 'one' }, isolation })
        .add({ id: 'busy', code: code('busyFor'), extraArgs: [BUSY_MS], isolation });
      const { slow, busy } = await phasesIn(dag);
      expect(slow!.loadMs).to.be.at.least(30);
      expect(busy!.runMs).to.be.at.least(BUSY_MS);
      expect(busy!.fetchMs).to.equal(0);
    });
  }

  it('count inline functions, serializers and deserializers as the function', async () => {
    await start('a');
    const busy = (ms: number): number => {
      const untilMs = performance.now() + BUSY_MS;
      while (performance.now() < untilMs);
      return ms;
    };
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => 1 })
      .add({ id: 'i', args: [arg('a', { serialize: busy, deserialize: busy })], code: busy, type: 'inline' })
      .add({ id: 'b', args: ['i'], code: () => 3 });
    const { a, b } = await phasesIn(dag);
    expect(b!.runMs).to.be.at.least(3 * BUSY_MS);
    expect([a!.fetchMs, a!.loadMs, a!.packMs]).to.deep.equal([0, 0, 0]);
  });

  it('say how long a large result was checked and packed, and how long its consumer unpacked it', async () => {
    await start('a');
    for (const isolation of ['loop', 'thread'] as const) {
      const dag = Dag.dynamic('d')
        .add({ id: 'rows', code: code('rows'), extraArgs: [20_000], isolation })
        .add({ id: 'size', args: ['rows'], code: code('sizeOf'), isolation });
      const { rows, size } = await phasesIn(dag);
      expect(rows!.packMs).to.be.above(0);
      if (isolation === 'thread') expect(size!.loadMs).to.be.above(0);
      expect(size!.packMs).to.equal(0);
    }
  });

  it('say on another node, over real sockets, how long arguments were fetched', async () => {
    await start('a', { capabilities: { cpu: 1 } });
    await start('b', { capabilities: { cpu: 1, b: 1 } });
    await start('c', { capabilities: { cpu: 1, c: 1 } });
    const dag = Dag.dynamic('d')
      .add({ id: 'made', code: code('mebibyte'), cost: { b: 1 } })
      .add({ id: 'same', args: ['made'], code: code('sizeOf'), node: collocatedWith('made') })
      .add({ id: 'other', args: ['made'], code: code('sizeOf'), cost: { c: 1 } })
      .add({ id: 'here', args: ['made'], code: code('sizeOf'), node: 'a', isolation: 'loop' })
      .add({ id: 'far', code: code('busyFor'), extraArgs: [BUSY_MS], cost: { c: 1 } })
      .add({ id: 'fails', code: code('busyFail'), extraArgs: [BUSY_MS], cost: { c: 1 } });
    const { made, same, other, here, far, fails } = await phasesIn(dag, { onFailure: 'continue' });
    expect([made!.fetchMs, same!.fetchMs, far!.fetchMs]).to.deep.equal([0, 0, 0]);
    expect(other!.fetchMs).to.be.above(0);
    expect(here!.fetchMs).to.be.above(0);
    expect(far!.runMs).to.be.at.least(BUSY_MS);
    expect(fails!.runMs).to.be.at.least(BUSY_MS);
    // Questions and answers were on their way.
    expect(far!.handOverMs).to.be.above(0);
  });

  it('say how long a function ran that timed out, here and on another node', async () => {
    await start('a', { capabilities: { cpu: 1 } });
    await start('b', { capabilities: { cpu: 1, b: 1 } });
    // Timers count from the beginning of a turn of the loop: they may fire so much too early.
    const timeoutMs = 10 * BUSY_MS;
    const dag = Dag.dynamic('d')
      .add({ id: 'here', code: code('spin'), node: 'a', timeoutMs })
      .add({ id: 'far', code: code('spin'), cost: { b: 1 }, timeoutMs });
    const { here, far } = await phasesIn(dag, { onFailure: 'continue', stopGraceMs: 0 });
    expect(here!.runMs).to.be.at.least(BUSY_MS);
    expect(far!.runMs).to.be.at.least(BUSY_MS);
  });

  it('say how long a function waited for room, and for its turn on the loop', async () => {
    await start('a', { capabilities: { cpu: 1 } });
    const dag = Dag.dynamic('d')
      .add({ id: 'first', code: code('busyFor'), extraArgs: [BUSY_MS], cost: { cpu: 1 }, priority: 1 })
      .add({ id: 'second', code: code('one'), cost: { cpu: 1 } });
    const { first, second } = await phasesIn(dag);
    expect(second!.waitMs).to.be.at.least(first!.runMs);
    const busy = (): void => {
      const untilMs = performance.now() + BUSY_MS;
      while (performance.now() < untilMs);
    };
    const onLoop = Dag.dynamic('l')
      .add({ id: 'x', code: busy, priority: 1 })
      .add({ id: 'y', code: () => 1 });
    const { x, y } = await phasesIn(onLoop);
    expect(y!.waitMs).to.be.at.least(x!.runMs);
  });

  it('are missing where nothing was run: of a map, and of what is not taken', async () => {
    const here = await start('a');
    const dag = Dag.dynamic('d')
      .add({ id: 'xs', code: () => [1, 2] })
      .map({ id: 'ys', over: 'xs', code: (x: unknown) => x })
      .add({ id: 'z', when: { id: 'xs', is: 1 }, code: () => 1 });
    const run = here.execute(dag);
    await run;
    const events = (await eventsOf(run)).filter(isEnd);
    const measured = events.filter(({ phases }) => phases).map(({ functionId }) => functionId);
    expect(measured.sort()).to.deep.equal(['xs', 'ys[0]', 'ys[1]']);
    expect(events.map(({ functionId }) => functionId)).to.include('ys');
  });
});
