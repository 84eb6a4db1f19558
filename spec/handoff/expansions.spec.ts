import { expect } from 'chai';
import { inspectNode } from '../../lib/handoff/index.js';
import {
  Dag,
  type DynamicDag,
  type ExecuteOptions,
  functionsIn,
  Handoff,
  type HandoffError,
  onDriver,
  type Run,
  type RunEvent,
} from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled } from '../support/test-clock.js';

const code = functionsIn<typeof import('../support/modules/expanding.js')>(new URL('../support/modules/expanding.js', import.meta.url));

type Options = ExecuteOptions<Record<string, unknown>, never, never>;
type Expansion = Parameters<DynamicDag['expand']>[0];

describe('an expansion', () => {
  let node: Handoff;
  before(async () => {
    node = await Handoff.start({ name: 'here', logger: spyLogger(), capabilities: { cpu: 2 }, threads: 2 });
  });
  afterEach(async () => {
    while (!node[inspectNode]().isFree) await settled(1);
  });
  after(() => node.stop({ graceMs: 0 }));

  const outer = (expansion: Omit<Expansion, 'id'>): DynamicDag =>
    Dag.dynamic('outer').expand({ id: 'e', maxRetries: 0, ...expansion } as Expansion);
  const execute = (dag: DynamicDag, options?: Options): Run<Record<string, unknown>> => node.execute(dag, options as never) as never;
  const failureOf = async (run: Run<unknown>): Promise<HandoffError> => (await caught(run)) as unknown as HandoffError;
  const eventsOf = async (run: Run<unknown>): Promise<RunEvent[]> => {
    const events: RunEvent[] = [];
    for await (const event of run) events.push(event);
    return events;
  };
  const show = (events: readonly RunEvent[]): string[] =>
    events
      .filter(({ type }) => ['functions-added', 'function-succeeded', 'function-failed', 'function-skipped'].includes(type))
      .map(
        (event) => `${event.type.slice(9)} ${'by' in event ? `${event.by} ${event.count}` : (event as { functionId: string }).functionId}`,
      );

  it('runs the DAG that its function returns within the run, and has the record of its sinks’ results', async () => {
    const made = (count: number): Dag =>
      Dag.dynamic('made')
        .add({ id: 'a', code: () => count })
        .add({ id: 'b', code: (a: number) => a + 1, args: ['a'] })
        .add({ id: 'c', code: (a: number) => a * 10, args: ['a'] }) as never;
    const dag = Dag.dynamic('outer')
      .add({ id: 'n', code: () => 4 })
      .expand({ id: 'e', code: made, args: ['n'] })
      .add({ id: 'use', code: (record: unknown) => record, args: ['e'] });
    const run = execute(dag);
    const events = await eventsOf(run);
    const { results, allocations } = await run;
    expect(results).to.deep.equal({ n: 4, e: { b: 5, c: 40 }, use: { b: 5, c: 40 } });
    expect(allocations).to.deep.equal({ n: 'here', e: 'here', 'e/a': 'here', 'e/b': 'here', 'e/c': 'here', use: 'here' });
    expect(events.filter(({ type }) => type === 'functions-added').map((event) => (event as { count: number }).count)).to.deep.equal([3]);
    expect(show(events)).to.deep.equal(
      ['succeeded n', 's-added e 3', 'succeeded e/a', 'succeeded e/b', 'succeeded e/c', 'succeeded e', 'succeeded use'].map((line) =>
        line
          .replace('s-added', '-added')
          .replace('-added', show([{ type: 'functions-added', by: 'x', count: 1 } as never])[0]!.split(' ')[0]!),
      ),
    );
    expect(run.progress).to.deep.include({ total: 6, succeeded: 6 });
  });

  for (const isolation of ['loop', 'thread', 'process'] as const) {
    it(`may be a reference, in isolation ${isolation}`, async () => {
      const { results } = await execute(outer({ code: code.sum, extraArgs: [5, isolation], isolation }));
      expect(results).to.deep.equal({ e: { sum: 10 } });
    });
  }

  it('has an empty record for an empty DAG', async () => {
    expect((await execute(outer({ code: () => Dag.dynamic() }))).results).to.deep.equal({ e: {} });
    expect((await execute(outer({ code: code.empty, isolation: 'loop' }))).results).to.deep.equal({ e: {} });
  });

  it('keeps the graph and the constants of a plain function’s DAG as they were', async () => {
    const table = { values: [1, 2] };
    const made = (): DynamicDag => {
      const dag = Dag.dynamic().add({ id: 'f', code: ({ values }: { values: number[] }) => values.length, extraArgs: [table] });
      queueMicrotask(() => {
        dag.add({ id: 'late', code: () => 1 });
        table.values.push(3);
      });
      return dag;
    };
    expect((await execute(outer({ code: made }))).results).to.deep.equal({ e: { f: 2 } });
    expect(table.values).to.deep.equal([1, 2, 3]);
  });

  it('may be within another, up to 100 deep', async () => {
    const { results } = await execute(outer({ code: code.deeper, extraArgs: [99], isolation: 'loop' }));
    let value: unknown = results.e;
    for (let depth = 0; depth < 99; depth += 1) value = (value as { e: unknown }).e;
    expect(value).to.deep.equal({ v: 1 });
    const failure = await failureOf(execute(outer({ code: code.deeper, extraArgs: [100], isolation: 'loop' })));
    expect(failure).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: new Array(101).fill('e').join('/') });
    expect(failure.message).to.match(/within 100 other expansions/);
  });

  it('fails for good for what is no DAG, or none that can run', async () => {
    const cases = [
      [outer({ code: () => 'no DAG', maxRetries: 3 }), 'what it returned is not a Dag', undefined],
      [outer({ code: code.noDag, isolation: 'thread', maxRetries: 3 }), 'what it returned is not a Dag', undefined],
      [outer({ code: code.plain, isolation: 'loop', maxRetries: 3 }), 'plain function', 'HANDOFF_INVALID_DAG'],
      [outer({ code: code.plain, isolation: 'thread', maxRetries: 3 }), 'plain function', 'HANDOFF_INVALID_DAG'],
      [outer({ code: code.cyclic, isolation: 'loop', maxRetries: 3 }), 'each needs the one before', 'HANDOFF_INVALID_DAG'],
      [outer({ code: code.withInput, isolation: 'loop', maxRetries: 3 }), 'input "x" has no value', 'HANDOFF_INVALID_DAG'],
      [outer({ code: code.greedy, isolation: 'loop', maxRetries: 3 }), 'Cannot place function "e/a"', 'HANDOFF_ALLOCATION_FAILED'],
      [
        outer({ code: () => Dag.dynamic().add({ id: 'f', code: () => 1, node: 'elsewhere' }), maxRetries: 3 }),
        'only the driver',
        'HANDOFF_INVALID_DAG',
      ],
    ] as const;
    for (const [dag, words, cause] of cases) {
      const run = execute(dag);
      const events = await eventsOf(run);
      const failure = await failureOf(run);
      expect(failure, words).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'e', attempts: 1 });
      expect(failure.message).to.include(words);
      expect((failure.cause as HandoffError).code, words).to.equal(cause);
      expect(
        events.filter(({ type }) => type === 'function-started'),
        words,
      ).to.have.length(1);
    }
    const { cause } = await failureOf(execute(cases[4][0]));
    expect((cause as HandoffError).faults!.map(({ kind }) => kind).sort()).to.deep.equal(['cycle', 'missing-function']);
  });

  it('fails beyond maxFunctions', async () => {
    const dag = outer({ code: code.sum, extraArgs: [5], isolation: 'loop' });
    expect((await execute(dag, { maxFunctions: 7 })).results).to.deep.equal({ e: { sum: 10 } });
    const failure = await failureOf(execute(dag, { maxFunctions: 6 }));
    expect(failure.message).to.match(/^Function "e" failed: it would add 6 functions to 1, and the run may have 6/);
    expect(await failureOf(execute(dag, { maxFunctions: 0 } as never))).to.be.instanceOf(RangeError);
  });

  it('fails with what fails within, by its full id', async () => {
    const failure = await failureOf(execute(outer({ code: code.failing, isolation: 'loop' }), { maxRetries: 0 }));
    expect(failure).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'e/a', message: 'Function "e/a" failed: broken' });
  });

  it('is skipped with onFailure continue, while what is independent finishes', async () => {
    const dag = outer({ code: code.failing, isolation: 'loop' })
      .add({ id: 'other', code: () => 1 })
      .add({ id: 'after', code: () => 2, args: ['e'] });
    const run = execute(dag, { maxRetries: 0, onFailure: 'continue' });
    const events = await eventsOf(run);
    const failure = (await failureOf(run)) as HandoffError & { results: object };
    expect(failure.failures!.map(({ functionId }) => functionId)).to.deep.equal(['e/a']);
    expect(failure.results).to.deep.equal({ other: 1 });
    expect(
      events
        .filter(({ type }) => type === 'function-skipped')
        .map((event) => [(event as { functionId: string }).functionId, (event as { reason: string }).reason]),
    ).to.deep.equal([
      ['e', 'producer-failed'],
      ['after', 'producer-failed'],
    ]);
    expect(events.some((event) => event.type === 'function-succeeded' && event.functionId === 'e/ok')).to.equal(true);
  });

  it('gives undefined if it is optional, whatever fails: itself, or something within', async () => {
    const after = (value: unknown): string => String(value);
    for (const [expansion, failed] of [
      [{ code: code.failing, isolation: 'loop' }, 'e/a'],
      [{ code: code.noDag, isolation: 'loop' }, 'e'],
      [{ code: code.greedy, isolation: 'loop' }, 'e'],
    ] as const) {
      const dag = outer({ ...expansion, optional: true }).add({ id: 'after', code: after, args: ['e'] });
      const { results, failures } = await execute(dag, { maxRetries: 0 });
      expect(results, failed).to.deep.equal({ e: undefined, after: 'undefined' });
      expect(Object.keys(failures), failed).to.deep.equal([failed]);
    }
  });

  it('has conditions, optional functions and inline ones within', async () => {
    const made = (): DynamicDag =>
      Dag.dynamic()
        .add({ id: 'yes', code: () => true })
        .add({ id: 'taken', code: () => 'taken', when: 'yes' })
        .add({ id: 'not', code: () => 'no', when: { id: 'yes', is: false } })
        .add({ id: 'risky', code: () => Promise.reject(new Error('no')), optional: true, maxRetries: 0 })
        .add({ id: 'twice', type: 'inline', code: (text: string) => text + text, args: ['taken'] })
        .add({ id: 'end', code: (...given: unknown[]) => given, args: ['twice', 'not', 'risky'] });
    const { results, failures } = await execute(outer({ code: made }));
    expect(results).to.deep.equal({ e: { end: ['takentaken', undefined, undefined] } });
    expect(Object.keys(failures)).to.deep.equal(['e/risky']);
  });

  it('is not taken where its condition does not hold', async () => {
    const dag = Dag.dynamic('outer')
      .add({ id: 'no', code: () => 0 })
      .expand({ id: 'e', code: code.empty, when: 'no' });
    expect((await execute(dag)).results).to.deep.equal({ no: 0, e: undefined });
  });

  it('stands in results and collect by its own id only', async () => {
    const dag = outer({ code: code.sum, extraArgs: [2], isolation: 'loop' }).add({ id: 'x', code: () => 1, args: ['e'] });
    expect((await execute(dag, { collect: 'sinks' })).results).to.deep.equal({ x: 1 });
    expect((await execute(dag, { collect: ['e'] } as never)).results).to.deep.equal({ e: { sum: 1 } });
    expect(await caught(execute(dag, { collect: ['e/sum'] } as never))).to.be.instanceOf(TypeError);
  });

  it('runs on the driver with executeLocal, whatever its functions cost', async () => {
    const { results } = await node.executeLocal(outer({ code: code.greedy, isolation: 'loop' }));
    expect(results).to.deep.equal({ e: { a: 1 } });
  });

  it('is cancelled with its run, wherever it is', async () => {
    const hold = gate();
    const made = (): DynamicDag =>
      Dag.dynamic()
        .add({ id: 'a', code: () => hold.pass() })
        .add({ id: 'b', code: () => 1, args: ['a'] });
    const run = execute(outer({ code: made }), { stopGraceMs: 0 });
    const failure = failureOf(run);
    await hold.reached;
    await run.cancel();
    expect((await failure).code).to.equal('HANDOFF_RUN_CANCELLED');
    expect(run.progress).to.deep.include({ total: 3, cancelled: 3, running: 0 });
    hold.open();
  });

  it('adds thousands of functions, some thousands at a time', async () => {
    const made = (): DynamicDag => {
      const dag = Dag.dynamic();
      const ends: string[] = [];
      for (let chain = 0; chain < 1000; chain += 1) {
        for (let at = 0; at < 10; at += 1)
          dag.add({ id: `${chain}-${at}`, code: (x = 0) => x + 1, ...(at > 0 && { args: [`${chain}-${at - 1}`] }) });
        ends.push(`${chain}-9`);
      }
      return dag.add({ id: 'sum', code: (...all: number[]) => all.reduce((sum, one) => sum + one, 0), args: ends });
    };
    const run = execute(outer({ code: made }));
    expect((await run).results).to.deep.equal({ e: { sum: 10_000 } });
    expect(run.progress).to.deep.include({ total: 10_002, succeeded: 10_002 });
    expect((await execute(outer({ code: code.sum, extraArgs: [5000], isolation: 'loop' }))).results).to.deep.equal({
      e: { sum: 12_497_500 },
    });
  });

  it('adds thousands of functions with conditions on those that have ended meanwhile, and maps over maps that are open by then', async () => {
    const large = (): DynamicDag => {
      const dag = Dag.dynamic('large')
        .add({ id: 'no', code: () => false })
        .add({ id: 'fails', code: () => Promise.reject(new Error('boom')), optional: true, maxRetries: 0 })
        .add({ id: 'xs', code: () => [1, 2] })
        .map({ id: 'm', over: 'xs', code: (n: number) => 2 * n } as never);
      for (let at = 0; at < 20_000; at += 1) dag.add({ id: `f${at}`, code: () => at });
      return dag
        .add({ id: 'a', when: 'no', code: () => 'it ran' })
        .add({ id: 'b', when: 'fails', code: () => 'it ran' })
        .add({ id: 'c', when: { id: 'no', is: false }, code: () => 'it ran' })
        .map({ id: 'n', over: 'm', code: (n: number) => n + 1 } as never);
    };
    const dag = Dag.dynamic('l').expand({ id: 'e', code: large });
    const { e } = (await execute(dag)).results as { e: Record<string, unknown> };
    expect([e['a'], e['b'], e['c'], e['n']]).to.deep.equal([undefined, undefined, 'it ran', [3, 5]]);
  });

  it('takes its turn among others that expand at once', async () => {
    const dag = Dag.dynamic('many');
    const ids = Array.from({ length: 200 }, (_, at) => `e${at}`);
    for (const [at, id] of ids.entries())
      dag.expand({ id, code: (n: number) => Dag.dynamic().add({ id: 'v', code: () => n }), extraArgs: [at] });
    dag.add({ id: 'sum', code: (...all: { v: number }[]) => all.reduce((sum, { v }) => sum + v, 0), args: ids });
    expect((await execute(dag, { collect: ['sum'] } as never)).results).to.deep.equal({ sum: 19_900 });
  });

  it('goes on under a new DagRunner', async () => {
    const hold = gate();
    const made = (): DynamicDag =>
      Dag.dynamic()
        .add({ id: 'a', code: () => hold.pass().then(() => 1) })
        .add({ id: 'b', code: (a: number) => a + 1, args: ['a'] });
    const run = execute(outer({ code: made }));
    await hold.reached;
    const before = node.whereis('DagRunner');
    (run as unknown as { cancel: unknown }).cancel;
    expect(before).to.not.equal(undefined);
    hold.open();
    expect((await run).results).to.deep.equal({ e: { b: 2 } });
  });

  describe('on several nodes', () => {
    let cluster: SpecCluster;
    before(async () => {
      cluster = await SpecCluster.of({ driver: {}, b: {}, c: {} });
    });
    after(() => cluster.stop());
    const driver = (): Handoff => cluster.node('driver');

    it('is made on one node, and runs on others', async () => {
      const dag = Dag.dynamic('outer').expand({ id: 'e', code: code.places, extraArgs: ['c'], node: 'b', isolation: 'loop' });
      const { results, allocations } = await driver().execute(dag);
      expect((results.e as { a: string }).a).to.equal('e/a on c');
      expect(allocations).to.include({ e: 'b', 'e/a': 'c' });
    });

    it('comes to the driver however large its DAG is', async () => {
      const dag = Dag.dynamic('outer').expand({ id: 'e', code: code.sum, extraArgs: [3000], node: 'b', isolation: 'thread' });
      expect((await driver().execute(dag)).results).to.deep.equal({ e: { sum: 4_498_500 } });
    });

    it('leaves large values where they were made', async () => {
      const dag = Dag.dynamic('outer')
        .expand({ id: 'e', code: code.withLarge, extraArgs: [300_000, 'c'], isolation: 'loop', node: onDriver() })
        .add({ id: 'use', code: ({ size }: { size: number }) => size, args: ['e'] });
      expect((await driver().execute(dag, { collect: ['use'] })).results).to.deep.equal({ use: 300_000 });
    });

    it('runs plain functions on the driver only', async () => {
      const made = (): DynamicDag => Dag.dynamic().add({ id: 'a', code: () => 1 });
      const { allocations } = await driver().execute(Dag.dynamic('outer').expand({ id: 'e', code: made }));
      expect(allocations).to.deep.equal({ e: 'driver', 'e/a': 'driver' });
    });
  });
});
