import { expect } from 'chai';
import { inspectNode } from '../../lib/handoff/index.js';
import { Dag, functionsIn, Handoff, type NodeOptions } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled } from '../support/test-clock.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

describe('a function that waits for a run of its own node', () => {
  let node: Handoff;
  const start = async (options: NodeOptions): Promise<void> => {
    node = await Handoff.start({ name: 'here', logger: spyLogger(), ...options });
  };
  afterEach(async () => {
    expect(node[inspectNode]().isFree, 'nothing is held').to.equal(true);
    await node.stop({ graceMs: 0 });
  });
  const one = (code: () => unknown): Dag => Dag.dynamic().add({ id: 'f', code }) as never;
  const run = async (code: () => unknown): Promise<unknown> => ((await node.execute(one(code))).results as { f: unknown }).f;

  it('lends its place on the loop: as many as there are may wait, however deep', async () => {
    await start({ loopConcurrency: 2 });
    const deep = (depth: number): Promise<unknown> => run(async () => (depth === 0 ? 'bottom' : deep(depth - 1)));
    expect(await Promise.all([deep(5), deep(5), deep(5)])).to.deep.equal(['bottom', 'bottom', 'bottom']);
  });

  it('lends its place also where it returns the run itself', async () => {
    await start({ loopConcurrency: 1 });
    const deep = (depth: number): unknown => (depth === 0 ? 'bottom' : node.execute(one(() => deep(depth - 1))));
    const { results } = (await deep(5)) as { results: object };
    expect(JSON.stringify(results)).to.include('bottom');
  });

  it('lends its resources too, and waits for several runs at once', async () => {
    await start({ capabilities: { cpu: 1 }, loopConcurrency: 1 });
    const leaf = (value: number): Dag => Dag.dynamic().add({ id: 'f', code: () => value, cost: { cpu: 1 } }) as never;
    const all = async (): Promise<unknown> => {
      const outcomes = await Promise.all([1, 2, 3].map((value) => node.execute(leaf(value))));
      return outcomes.map(({ results }) => (results as { f: number }).f);
    };
    const outer = Dag.dynamic()
      .add({ id: 'a', code: all, cost: { cpu: 1 } })
      .add({ id: 'b', code: all, cost: { cpu: 1 } });
    expect((await node.execute(outer)).results).to.deep.equal({ a: [1, 2, 3], b: [1, 2, 3] });
    expect((await node.executeLocal(outer)).results).to.deep.equal({ a: [1, 2, 3], b: [1, 2, 3] });
  });

  it('lends both where it is an element of a map with a bound, an expansion, or within one', async () => {
    await start({ capabilities: { cpu: 1 }, loopConcurrency: 1 });
    const cost = { cpu: 1 };
    const half = async (n: number): Promise<unknown> => {
      const dag = Dag.dynamic().add({ id: 'f', code: () => n / 2, cost });
      return ((await node.execute(dag as never)).results as { f: unknown }).f;
    };
    const dag = Dag.dynamic()
      .input('xs')
      .map({ id: 'ys', over: 'xs', concurrency: 1, cost, code: half })
      .expand({
        id: 'e',
        cost,
        code: async () => {
          const n = (await half(12)) as number;
          return Dag.dynamic().add({ id: 'a', cost, code: () => half(n) });
        },
      });
    const { results } = await node.execute(dag as never, { inputs: { xs: [2, 4, 6] }, maxConcurrency: 1 } as never);
    expect(results).to.deep.equal({ ys: [1, 2, 3], e: { a: 3 } });
  });

  it('lends it while it listens to the events of the run, and has it back when it stops listening', async () => {
    await start({ loopConcurrency: 1 });
    const used: number[] = [];
    const listen = async (): Promise<string[]> => {
      const types: string[] = [];
      for await (const { type } of node.execute(one(() => 1))) types.push(type);
      used.push(node[inspectNode]().slotsUsed);
      for await (const { type } of node.execute(one(() => 2))) if (type === 'function-started') break;
      return types;
    };
    const types = (await run(listen)) as string[];
    expect([types[0], types.at(-1), used]).to.deep.equal(['run-started', 'run-completed', [1]]);
  });

  it('goes on only when it holds again what it held: nothing is held twice', async () => {
    await start({ capabilities: { cpu: 1 }, loopConcurrency: 9 });
    const [inner, other] = [gate(), gate()];
    const happened: string[] = [];
    const cost = { cpu: 1 };
    const nested = Dag.dynamic().add({ id: 'n', code: () => inner.pass(), cost });
    const waits = async (): Promise<void> => {
      await node.execute(nested);
      happened.push('goes on');
    };
    const first = node.execute(Dag.dynamic().add({ id: 'a', code: waits, cost }));
    await inner.reached;
    const second = node.execute(Dag.dynamic().add({ id: 'b', code: () => other.pass(), cost }));
    // While it has it back from nobody, others run.
    const third = node.execute(Dag.dynamic().add({ id: 'c', code: () => other.pass(), cost }));
    expect(node[inspectNode]().used).to.deep.equal({ cpu: 1 });
    inner.open();
    await settled();
    expect(node[inspectNode]().used).to.deep.equal({ cpu: 1 });
    await first;
    expect(happened).to.deep.equal(['goes on']);
    await other.reached;
    other.open();
    await Promise.all([second, third]);
  });

  it('waits for room where others took it meanwhile', async () => {
    await start({ loopConcurrency: 2 });
    const [inner, other] = [gate(), gate()];
    let goesOn = false;
    const waits = async (): Promise<void> => {
      await node.execute(one(() => inner.pass()));
      goesOn = true;
    };
    const first = node.execute(one(waits));
    await inner.reached;
    const others = ['b', 'c'].map((id) => node.execute(Dag.dynamic(id).add({ id, code: () => other.pass() })));
    await other.reached;
    // One of the others has what was lent, the second gets what the inner function gives back, unless the first comes first.
    inner.open();
    await settled();
    expect(node[inspectNode]().slotsUsed).to.equal(2);
    other.open();
    await Promise.all([first, ...others]);
    expect(goesOn).to.equal(true);
  });

  it('lends nothing while it does not wait', async () => {
    await start({ loopConcurrency: 1 });
    const hold = gate();
    let nested: Promise<unknown> | undefined;
    const outer = run(async () => {
      const inner = node.execute(one(() => 'later'));
      nested = new Promise((resolve) => setImmediate(() => resolve(inner)));
      await hold.pass();
      return inner.progress.running;
    });
    await hold.reached;
    expect(node[inspectNode]().slotsUsed).to.equal(1);
    hold.open();
    expect(await outer).to.equal(0);
    await nested;
  });

  it('frees nothing twice when it is cancelled, timed out or over while it waits: what it has started ends with it unless it returned', async () => {
    await start({ capabilities: { cpu: 2 }, loopConcurrency: 2 });
    for (const how of ['cancel', 'timeoutMs', 'returns'] as const) {
      const inner = gate();
      const waits = async (): Promise<void> => {
        const waiting = node.execute(one(() => inner.pass())).then(() => {});
        if (how !== 'returns') await waiting;
        else await inner.reached;
      };
      const timeoutMs = how === 'timeoutMs' ? 50 : undefined;
      const dag = Dag.dynamic().add({ id: 'a', code: waits, cost: { cpu: 1 }, maxRetries: 0, ...(timeoutMs && { timeoutMs }) });
      const outer = node.execute(dag, { stopGraceMs: 0 });
      if (how === 'returns') await outer;
      else {
        const failure = caught(outer);
        await inner.reached;
        if (how === 'cancel') await outer.cancel();
        await failure;
      }
      expect(node[inspectNode](), how).to.deep.include({ used: { cpu: 0 }, slotsUsed: how === 'returns' ? 1 : 0 });
      inner.open();
      while (node[inspectNode]().runs > 0) await settled(1);
      expect(node[inspectNode]().isFree, how).to.equal(true);
    }
  });

  it('does so too where another node drives it', async () => {
    await start({});
    const cluster = await SpecCluster.of({ driver: { capabilities: {} }, worker: { capabilities: { cpu: 1 } } });
    const key = Symbol.for('spec.node');
    try {
      (globalThis as { [key: symbol]: unknown })[key] = cluster.node('worker');
      const options = { code: tasks.nest, isolation: 'loop', cost: { cpu: 1 } } as const;
      const dag = Dag.dynamic()
        .add({ id: 'a', extraArgs: [1], ...options })
        .add({ id: 'b', extraArgs: [2], ...options });
      const { results, allocations } = await cluster.node('driver').execute(dag);
      expect(results).to.deep.equal({ a: 2, b: 4 });
      expect(allocations).to.deep.equal({ a: 'worker', b: 'worker' });
      expect(cluster.node('worker')[inspectNode]().isFree).to.equal(true);
    } finally {
      delete (globalThis as { [key: symbol]: unknown })[key];
      await cluster.stop();
    }
  });
});
