import { expect } from 'chai';
import { inspectNode } from '../../lib/handoff/index.js';
import { Dag, type ExecuteOptions, functionsIn, Handoff, type HandoffError, type NodeOptions, type Run } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { type Gate, gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled } from '../support/test-clock.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

describe('a run that a function has started', () => {
  let node: Handoff;
  let inner: Run<unknown> | undefined;
  const start = async (options: NodeOptions = {}): Promise<void> => {
    node = await Handoff.start({ name: 'here', logger: spyLogger(), ...options });
  };
  beforeEach(() => {
    inner = undefined;
  });
  afterEach(async () => {
    expect(node[inspectNode]().isFree, 'nothing is held').to.equal(true);
    await node.stop({ graceMs: 0 });
  });
  const one = (id: string, code: () => unknown, more: object = {}): Dag =>
    Dag.dynamic(id).add({ id: 'f', code, maxRetries: 0, ...more }) as never;
  /** Starts a run that stays at a gate, and remembers it. */
  const held = (hold: Gate, options: ExecuteOptions = {}): Run<unknown> => {
    inner = node.execute(
      one('inner', () => hold.pass()),
      options as never,
    );
    return inner;
  };
  const endOf = async (run: Run<unknown>): Promise<HandoffError> => (await caught(run)) as unknown as HandoffError;

  it('is cancelled with the outer run, and says why', async () => {
    await start();
    const hold = gate();
    const outer = node.execute(
      one('outer', () => held(hold)),
      { stopGraceMs: 0 },
    );
    const failure = endOf(outer);
    await hold.reached;
    await outer.cancel('enough');
    expect(await failure).to.deep.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'enough' });
    const error = await endOf(inner!);
    expect(error).to.deep.include({ code: 'HANDOFF_RUN_CANCELLED', dagId: 'inner', runId: inner!.id });
    expect(error.message).to.equal('Run of DAG "inner" was cancelled: function "f" of DAG "outer", which started it, has ended');
    expect(error.cause).to.deep.include({ code: 'HANDOFF_RUN_CANCELLED', dagId: 'outer', cause: 'enough' });
  });

  it('ends with an outer run that times out, or that another function fails', async () => {
    await start();
    for (const how of ['timeout', 'failure'] as const) {
      const [hold, other] = [gate(), gate()];
      const dag = Dag.dynamic('outer')
        .add({ id: 'waits', code: () => held(hold) })
        .add({ id: 'fails', maxRetries: 0, code: () => other.pass().then(() => Promise.reject(new Error('broken'))) });
      const outer = node.execute(dag, { stopGraceMs: 0, ...(how === 'timeout' && { timeoutMs: 100 }) });
      const failure = endOf(outer);
      await hold.reached;
      if (how === 'failure') other.open();
      const { code } = await failure;
      expect(code).to.equal(how === 'timeout' ? 'HANDOFF_RUN_TIMEOUT' : 'HANDOFF_FUNCTION_FAILED');
      const error = await endOf(inner!);
      expect([error.code, (error.cause as HandoffError).code]).to.deep.equal(['HANDOFF_RUN_CANCELLED', code]);
      other.open();
    }
  });

  it('ends with its attempt, which waits for that: the next attempt may start it again', async () => {
    await start();
    for (const how of ['fails', 'timeoutMs'] as const) {
      const hold = gate();
      const first: { error?: HandoffError } = {};
      let attempts = 0;
      const code = async (): Promise<unknown> => {
        attempts += 1;
        if (attempts === 2) return (await node.execute(one('inner', () => 'done'))).results;
        void held(hold).catch((error: HandoffError) => {
          first.error = error;
        });
        await hold.reached;
        if (how === 'fails') throw new Error('broken');
        return new Promise(() => {});
      };
      const options = how === 'fails' ? {} : { timeoutMs: 50 };
      const outer = node.execute(one('outer', code, { ...options, maxRetries: 1 }), { stopGraceMs: 50 });
      expect((await outer).results).to.deep.equal({ f: { f: 'done' } });
      expect([first.error?.code, attempts], how).to.deep.equal(['HANDOFF_RUN_CANCELLED', 2]);
      const why = how === 'fails' ? { message: 'broken' } : { code: 'HANDOFF_FUNCTION_TIMEOUT' };
      expect(first.error?.cause).to.include(why);
    }
  });

  it('ends over several levels, within the time that the outer run gives', async () => {
    await start({ loopConcurrency: 1 });
    const GRACE_MS = 500;
    const hold = gate();
    const ends: string[] = [];
    const deep = (level: number): Run<unknown> =>
      node.execute(
        one(`level-${level}`, () =>
          level === 0 ? hold.pass() : deep(level - 1).catch((error: HandoffError) => void ends.push(error.dagId!)),
        ),
        { stopGraceMs: 60_000 },
      );
    const outer = node.execute(
      one('outer', () => deep(20)),
      { stopGraceMs: GRACE_MS },
    );
    const failure = endOf(outer);
    await hold.reached;
    const beganMs = performance.now();
    await outer.cancel();
    await failure;
    while (node[inspectNode]().runs > 0) await settled(1);
    // Were it given to each level anew, it would take twenty times as long.
    expect(performance.now() - beganMs).to.be.below(20 * GRACE_MS);
    expect(ends).to.deep.include('level-0').and.to.have.length(20);
  });

  it('goes on when its function succeeds without waiting for it, and then ends with the outer run, unless that completes', async () => {
    await start();
    for (const how of ['completes', 'is cancelled'] as const) {
      const [hold, later] = [gate<unknown>(), gate()];
      const dag = Dag.dynamic('outer')
        .add({ id: 'leaves', code: () => void held(hold as Gate).catch(() => {}) })
        .add({ id: 'later', code: () => later.pass(), args: ['leaves'] });
      const outer = node.execute(dag, { stopGraceMs: 0 });
      const end = outer.then(
        () => undefined,
        (error: HandoffError) => error.code,
      );
      await Promise.all([hold.reached, later.reached]);
      expect(inner!.progress.running).to.equal(1);
      if (how === 'completes') later.open();
      else await outer.cancel();
      await end;
      hold.open('late');
      if (how === 'completes') expect(await inner).to.deep.include({ results: { f: 'late' } });
      else expect(await endOf(inner!)).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
      later.open();
    }
  });

  it('keeps a signal of its own', async () => {
    await start();
    const hold = gate();
    const own = new AbortController();
    const code = (): Promise<string> =>
      held(hold, { signal: own.signal, stopGraceMs: 0 } as never).then(String, ({ code, cause }) => `${code} ${cause}`);
    const outer = node.execute(one('outer', code));
    await hold.reached;
    own.abort('mine');
    expect((await outer).results).to.deep.equal({ f: 'HANDOFF_RUN_CANCELLED mine' });
  });

  it('is refused once its attempt is being stopped, or has failed', async () => {
    await start();
    const [hold, after] = [gate(), gate()];
    const refused: unknown[] = [];
    const again = (): Promise<void> =>
      node.execute(one('inner', () => 1)).then(
        () => void refused.push('it ran'),
        ({ code, dagId }: HandoffError) => void refused.push([code, dagId]),
      );
    const waits = (): Promise<void> => hold.pass().then(again);
    const outer = node.execute(one('outer', waits), { stopGraceMs: 100 });
    const failure = endOf(outer);
    await hold.reached;
    const cancelling = outer.cancel();
    hold.open();
    await Promise.all([cancelling, failure]);
    const fails = (): never => {
      void after.pass().then(again);
      throw new Error('broken');
    };
    await endOf(node.execute(one('outer', fails)));
    after.open();
    while (refused.length < 2) await settled(1);
    expect(refused).to.deep.equal([
      ['HANDOFF_RUN_CANCELLED', 'inner'],
      ['HANDOFF_RUN_CANCELLED', 'inner'],
    ]);
  });

  it('is an unhandled rejection for nobody, if nobody waits for it', async () => {
    await start();
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    const own = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', onUnhandled);
    try {
      const hold = gate();
      const fails = async (): Promise<never> => {
        held(hold, { stopGraceMs: 0 } as never);
        await hold.reached;
        throw new Error('broken');
      };
      expect((await endOf(node.execute(one('outer', fails)))).cause).to.include({ message: 'broken' });
      await settled();
    } finally {
      process.off('unhandledRejection', onUnhandled);
      for (const listener of own) process.on('unhandledRejection', listener);
    }
    expect(unhandled).to.deep.equal([]);
  });

  it('is aborted when its node stops, as every run of the node', async () => {
    await start();
    const hold = gate();
    const outer = node.execute(one('outer', () => held(hold)));
    const failure = endOf(outer);
    await hold.reached;
    await node.stop({ graceMs: 0 });
    expect([(await failure).code, (await endOf(inner!)).code]).to.deep.equal(['HANDOFF_RUN_ABORTED', 'HANDOFF_RUN_ABORTED']);
    await start();
  });

  it('ends also while its large DAG is being laid out', async () => {
    await start();
    const large = Dag.dynamic('large');
    for (let at = 0; at < 30_000; at += 1) large.add({ id: `f${at}`, code: () => at });
    const begun = gate();
    const waits = (): Promise<unknown> => {
      inner = node.execute(large);
      void begun.pass();
      return inner;
    };
    const outer = node.execute(one('outer', waits), { stopGraceMs: 0 });
    const failure = endOf(outer);
    await begun.reached;
    await outer.cancel();
    await failure;
    expect(await endOf(inner!)).to.include({ code: 'HANDOFF_RUN_CANCELLED', dagId: 'large' });
  });

  it('is shown under the outer one', async () => {
    await start();
    const hold = gate<unknown>();
    const outer = node.execute(one('outer', () => held(hold as Gate).then(() => 1)));
    await hold.reached;
    const { runs } = await node.status();
    expect(runs.map(({ dagId, parent }) => ({ dagId, parent }))).to.deep.equal([
      { dagId: 'outer', parent: undefined },
      { dagId: 'inner', parent: { runId: outer.id, functionId: 'f' } },
    ]);
    hold.open(2);
    await outer;
  });

  it('ends with the element of a map, or the function within an expansion, that has started it', async () => {
    await start();
    const [hold, fails] = [gate(), gate()];
    const expansion = (): Dag =>
      Dag.dynamic()
        .add({ id: 'a', code: () => held(hold) })
        .add({ id: 'b', maxRetries: 0, code: () => fails.pass().then(() => Promise.reject(new Error('broken'))) }) as never;
    const dag = Dag.dynamic('outer')
      .input('xs')
      .expand({ id: 'e', optional: true, code: expansion })
      .map({ id: 'ys', over: 'xs', when: 'e', code: () => held(hold) });
    const outer = node.execute(dag, { stopGraceMs: 0, inputs: { xs: [1] } });
    await hold.reached;
    fails.open();
    const { results, failures } = (await outer) as unknown as { results: object; failures: object };
    expect(results).to.deep.equal({ e: undefined, ys: undefined });
    expect(failures).to.have.keys('e/b');
    expect((await endOf(inner!)).message).to.include('function "e/a" of DAG "outer", which started it, has ended');

    const again = gate();
    const map = Dag.dynamic('map').input('xs');
    map.map({ id: 'ys', over: 'xs', optional: true, maxRetries: 0, timeoutMs: 50, code: () => held(again) });
    const { results: mapped } = (await node.execute(map as Dag, { stopGraceMs: 0, inputs: { xs: [1] } } as never)) as { results: object };
    expect(mapped).to.deep.equal({ ys: [undefined] });
    expect((await endOf(inner!)).message).to.include('function "ys[0]" of DAG "map", which started it, has ended');
  });

  it('ends too with a function that another node drives', async () => {
    await start();
    const cluster = await SpecCluster.of({ driver: { capabilities: {} }, worker: { capabilities: { cpu: 1 } } });
    const key = Symbol.for('spec.node');
    try {
      (globalThis as { [key: symbol]: unknown })[key] = cluster.node('worker');
      const dag = Dag.dynamic('outer').add({ id: 'f', code: tasks.nestForever, isolation: 'loop', cost: { cpu: 1 } });
      const outer = cluster.node('driver').execute(dag, { stopGraceMs: 0 });
      const failure = endOf(outer);
      const runsThere = (): number => cluster.node('worker')[inspectNode]().runs;
      while (runsThere() === 0) await settled(1);
      const { runs } = await cluster.node('driver').status();
      expect(runs.map(({ dagId, parent }) => [dagId, parent])).to.deep.equal([
        ['outer', undefined],
        ['forever', { runId: outer.id, functionId: 'f' }],
      ]);
      await outer.cancel();
      await failure;
      while (runsThere() > 0) await settled(1);
      expect(cluster.node('worker')[inspectNode]().isFree).to.equal(true);
    } finally {
      delete (globalThis as { [key: symbol]: unknown })[key];
      await cluster.stop();
    }
  });
});
