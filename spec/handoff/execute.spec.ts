import { expect } from 'chai';
import { Dag, functionsIn, Handoff, onDriver } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

describe('execute', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2, memory: 1000 }, logger: spyLogger() });
  });
  after(() => handoff.stop());

  it('runs a chain across threads and the loop, and answers typed results and where they were made', async () => {
    const dag = new Dag('chain')
      .add({ id: 'numbers', code: tasks.range, extraArgs: [4] })
      .add({ id: 'total', code: tasks.sum, args: ['numbers'], cost: { cpu: 1 } })
      .add({ id: 'text', code: (total: number) => `total ${total}`, args: ['total'] });
    const { results, allocations, dagId, runId, durationMs } = await handoff.execute(dag);
    const text: string = results.text;
    expect(text).to.equal('total 6');
    expect(results).to.deep.equal({ numbers: [0, 1, 2, 3], total: 6, text: 'total 6' });
    expect(allocations).to.deep.equal({ numbers: 'here', total: 'here', text: 'here' });
    expect(dagId).to.equal('chain');
    expect(runId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(durationMs).to.be.above(0);
  });

  it('runs an empty DAG', async () => {
    expect((await handoff.execute(new Dag())).results).to.deep.equal({});
  });

  it('passes results in order, then extraArgs; as one list where that is asked for', async () => {
    const dag = Dag.dynamic()
      .add({ id: 'a', code: () => 'a' })
      .add({ id: 'b', code: () => 'b' })
      .add({ id: 'variadic', code: (...all: unknown[]) => all, args: ['b', 'a', 'b'], extraArgs: [1, { two: 2 }] })
      .add({ id: 'list', code: (...all: unknown[]) => all, args: ['b', 'a'], argumentInclusion: 'as-list', extraArgs: [1] });
    const { results } = await handoff.execute(dag);
    expect(results.variadic).to.deep.equal(['b', 'a', 'b', 1, { two: 2 }]);
    expect(results.list).to.deep.equal([['b', 'a'], 1]);
  });

  it('starts a function only when all it needs has succeeded, and independent ones together', async () => {
    const gates = [gate(), gate(), gate()];
    const dag = Dag.dynamic().add({ id: 'source', code: () => 1 });
    for (const [at, one] of gates.entries()) dag.add({ id: `mid${at}`, code: () => one.pass().then(() => at), args: ['source'] });
    dag.add({ id: 'sink', code: (...all: unknown[]) => all, args: ['mid2', 'mid0', 'mid1'] });
    const run = handoff.execute(dag);
    await Promise.all(gates.map((one) => one.reached));
    expect(run.progress).to.include({ total: 5, running: 3, waiting: 1, succeeded: 1 });
    for (const one of gates) one.open();
    expect((await run).results.sink).to.deep.equal([2, 0, 1]);
  });

  it('takes inputs, which are absent from results and allocations', async () => {
    const dag = new Dag()
      .input<number[]>()('xs')
      .add({ id: 'total', code: tasks.sum, args: ['xs'] });
    const { results, allocations } = await handoff.execute(dag, { inputs: { xs: [1, 2, 3] } });
    expect(results).to.deep.equal({ total: 6 });
    expect(allocations).to.deep.equal({ total: 'here' });
  });

  it('takes an input from storeValue, over any number of runs; inputs win over it', async () => {
    const dag = new Dag('stored')
      .input<number>()('n')
      .add({ id: 'twice', code: tasks.double, args: ['n'] });
    await handoff.storeValue('stored', 'n', 4);
    expect((await handoff.execute(dag)).results.twice).to.equal(8);
    expect((await handoff.execute(dag)).results.twice).to.equal(8);
    expect((await handoff.execute(dag, { inputs: { n: 5 } })).results.twice).to.equal(10);
    await handoff.clear('stored');
    const error = await caught(handoff.execute(dag));
    expect(error).to.include({ code: 'HANDOFF_INVALID_DAG' });
    expect(error.faults).to.have.nested.property('[0].kind', 'missing-input');
  });

  it('evaluates an inline function once for each consumer, with it, and shows it nowhere', async () => {
    let calls = 0;
    const inlined = (base: number): number => {
      calls += 1;
      return base;
    };
    const dag = new Dag()
      .add({ id: 'base', code: () => 10 })
      .add({ id: 'inlined', code: inlined, args: ['base'], type: 'inline' })
      .add({ id: 'one', code: (n: number) => n + 1, args: ['inlined'] })
      .add({ id: 'two', code: tasks.double, args: ['inlined'] });
    const { results, allocations } = await handoff.execute(dag);
    expect(results).to.deep.equal({ base: 10, one: 11, two: 20 });
    expect(allocations).to.have.all.keys('base', 'one', 'two');
    expect(calls).to.equal(2);
  });

  it('counts the failure of an inline function as its consumer’s, and names it in the cause', async () => {
    const dag = Dag.dynamic()
      .add({ id: 'sick', code: tasks.fail, extraArgs: ['ouch'], type: 'inline' })
      .add({ id: 'consumer', code: tasks.double, args: ['sick'], maxRetries: 0 });
    const error = await caught(handoff.execute(dag));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'consumer', attempts: 1 });
    expect(error.cause).to.include({ functionId: 'sick' });
    expect((error.cause as Error).message)
      .to.include('sick')
      .and.to.include('ouch');
    expect((error.cause as Error).cause).to.be.instanceOf(RangeError);
  });

  it('transforms one edge with serialize and deserialize, and leaves the producer’s result whole', async () => {
    const { arg } = await import('../../lib/index.js');
    const dag = Dag.dynamic()
      .add({ id: 'table', code: () => ({ rows: [7, 8] }) })
      .add({ id: 'plain', code: (x: unknown) => x, args: [arg('table', { serialize: tasks.pick })] })
      .add({
        id: 'both',
        code: (x: unknown) => x,
        args: [
          arg('table', {
            serialize: (v: { rows: number[] }) => JSON.stringify(v),
            deserialize: (text: string, from: string, to: string, more: number) => [JSON.parse(text), from, to, more],
            extra: [9],
          }),
        ],
      });
    const { results } = await handoff.execute(dag);
    expect(results.table).to.deep.equal({ rows: [7, 8] });
    expect(results.plain).to.deep.equal({ first: 7, source: 'here', target: 'here' });
    expect(results.both).to.deep.equal([{ rows: [7, 8] }, 'here', 'here', 9]);
  });

  it('refuses a DAG id that it is running, and only that', async () => {
    const hold = gate();
    const dag = Dag.dynamic('once').add({ id: 'a', code: () => hold.pass() });
    const first = handoff.execute(dag);
    expect(await caught(handoff.execute(dag))).to.include({ code: 'HANDOFF_DAG_RUNNING', dagId: 'once' });
    expect(await caught(handoff.clear('once'))).to.include({ code: 'HANDOFF_DAG_RUNNING' });
    hold.open();
    await first;
    await handoff.execute(dag);
  });

  it('refuses at once what no node could ever hold, before anything runs', async () => {
    let ran = false;
    const mark = (): void => {
      ran = true;
    };
    const dag = Dag.dynamic()
      .add({ id: 'small', code: mark })
      .add({ id: 'huge', code: tasks.double, args: ['small'], cost: { cpu: 3, gpu: 1 } });
    const error = await caught(handoff.execute(dag));
    expect(error).to.include({ code: 'HANDOFF_ALLOCATION_FAILED', functionId: 'huge' });
    expect(error.message).to.include('cpu 3, gpu 1').and.to.include('cpu 2, memory 1000');
    expect(ran).to.equal(false);
    expect(await caught(handoff.execute(Dag.dynamic().add({ id: 'a', code: tasks.double, node: 'nobody' })))).to.include({
      code: 'HANDOFF_NODE_UNKNOWN',
      node: 'nobody',
    });
  });

  it('refuses a plain function that is to run elsewhere', async () => {
    const error = await caught(handoff.execute(Dag.dynamic().add({ id: 'a', code: () => 1, node: 'there' })));
    expect(error).to.include({ code: 'HANDOFF_INVALID_DAG' });
    expect(error.faults).to.have.nested.property('[0].kind', 'closure-on-remote-node');
    expect((await handoff.execute(Dag.dynamic().add({ id: 'a', code: () => 1, node: onDriver() }))).results).to.deep.equal({ a: 1 });
  });

  it('runs all on this node with executeLocal, whatever node and cost say', async () => {
    const dag = Dag.dynamic().add({ id: 'a', code: tasks.double, extraArgs: [2], node: 'elsewhere', cost: { cpu: 64 } });
    const { results, allocations } = await handoff.executeLocal(dag);
    expect(results).to.deep.equal({ a: 4 });
    expect(allocations).to.deep.equal({ a: 'here' });
  });

  it('collects all, the sinks or what is named, and releases the rest', async () => {
    const dag = new Dag('collected').add({ id: 'a', code: () => 1 }).add({ id: 'b', code: (a: number) => a + 1, args: ['a'] });
    expect((await handoff.execute(dag, { collect: 'sinks' })).results).to.deep.equal({ b: 2 });
    expect(await caught(handoff.getLocalValue('collected', 'a'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    expect((await handoff.execute(dag, { collect: ['a'] })).results).to.deep.equal({ a: 1 });
    expect(await handoff.getValue('collected', 'a')).to.equal(1);
    expect(await handoff.lookupDataLocation('collected', 'a')).to.equal('here');
  });

  it('keeps costs within the capabilities, and never runs more than maxConcurrency', async () => {
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const wide = (cost: Record<string, number>) => {
      const dag = Dag.dynamic();
      for (let index = 0; index < 20; index += 1) dag.add({ id: `f${index}`, code: work, cost });
      return dag;
    };
    await handoff.execute(wide({ memory: 300 }));
    expect(most).to.equal(3);
    most = 0;
    await handoff.execute(wide({}), { maxConcurrency: 2 });
    expect(most).to.equal(2);
  });

  it('tells what a function waits for', async () => {
    const hold = gate();
    const dag = Dag.dynamic()
      .add({ id: 'first', code: () => hold.pass(), cost: { cpu: 2 }, priority: 1 })
      .add({ id: 'second', code: () => 2, cost: { cpu: 1, memory: 1 } });
    const run = handoff.execute(dag);
    for await (const event of run) {
      if (event.type !== 'function-waiting') continue;
      expect(event).to.deep.include({ functionId: 'second', for: { cpu: 1 } });
      hold.open();
    }
    await run;
  });

  it('asks a strategy of the user’s own', async () => {
    const seen: string[] = [];
    const allocationStrategy = {
      name: 'mine',
      place: ({ functionId, nodes }: { functionId: string; nodes: readonly { name: string }[] }) => {
        seen.push(functionId);
        return nodes[0]!.name;
      },
    };
    await handoff.execute(Dag.dynamic().add({ id: 'a', code: tasks.double, extraArgs: [1] }), { allocationStrategy });
    expect(seen).to.deep.equal(['a']);
    for (const name of ['first-available', 'load-balanced', 'near-data'] as const) {
      await handoff.execute(Dag.dynamic().add({ id: 'a', code: tasks.double, extraArgs: [1] }), { allocationStrategy: name });
    }
  });

  it('rejects a run with wrong options, naming them, and never throws', async () => {
    const dag = new Dag().add({ id: 'a', code: () => 1 });
    const wrong: [object, typeof TypeError | typeof RangeError, string][] = [
      [{ maxRetries: -1 }, RangeError, 'maxRetries'],
      [{ maxRetries: 1.5 }, RangeError, 'maxRetries'],
      [{ maxConcurrency: 0 }, RangeError, 'maxConcurrency'],
      [{ timeoutMs: Number.NaN }, RangeError, 'timeoutMs'],
      [{ timeoutMs: '1' }, TypeError, 'timeoutMs'],
      [{ collect: ['nobody'] }, TypeError, 'nobody'],
      [{ collect: 'some' }, TypeError, 'collect'],
      [{ inputs: { nobody: 1 } }, TypeError, 'nobody'],
      [{ onFailure: 'ignore' }, TypeError, 'onFailure'],
      [{ allocationStrategy: 'best' }, TypeError, 'allocationStrategy'],
      [{ allocationStrategy: {} }, TypeError, 'allocationStrategy'],
      [{ signal: {} }, TypeError, 'signal'],
      [{ retries: 1 }, TypeError, 'retries'],
    ];
    for (const [options, type, text] of wrong) {
      const error = await caught(handoff.execute(dag, options as never));
      expect(error, text).to.be.instanceOf(type);
      expect(error.message).to.include(text);
    }
    expect(await caught(handoff.execute('dag' as never))).to.be.instanceOf(TypeError);
  });

  it('takes a snapshot of the DAG', async () => {
    const dag = Dag.dynamic().add({ id: 'a', code: () => 1 });
    const run = handoff.execute(dag);
    dag.add({ id: 'b', code: () => 2 });
    expect((await run).results).to.deep.equal({ a: 1 });
  });

  it('knows functions by any id', async () => {
    const dag = Dag.dynamic();
    for (const id of ['__proto__', 'constructor', 'a b', 'ü', '0']) dag.add({ id, code: () => id });
    const { results, allocations } = await handoff.execute(dag);
    expect(Object.keys(results)).to.have.members(['__proto__', 'constructor', 'a b', 'ü', '0']);
    expect(Object.getOwnPropertyDescriptor(results, '__proto__')?.value).to.equal('__proto__');
    expect(Object.getOwnPropertyDescriptor(allocations, '__proto__')?.value).to.equal('here');
  });

  it('tells a function who it is, in a thread and on the loop', async () => {
    const { currentFunction } = await import('../../lib/index.js');
    const dag = Dag.dynamic('who')
      .add({ id: 'thread', code: tasks.context })
      .add({ id: 'loop', code: () => ({ ...pick(currentFunction()) }) });
    const { results, runId } = await handoff.execute(dag);
    const context = { dagId: 'who', runId, attempt: 1, node: 'here' };
    expect(results).to.deep.equal({ thread: { ...context, functionId: 'thread' }, loop: { ...context, functionId: 'loop' } });
    expect(() => currentFunction()).to.throw(TypeError);
  });

  it('does not unpack what only threads use, and gives the caller a large result at its first look', async () => {
    const dag = new Dag()
      .add({ id: 'rows', code: tasks.makeRows, extraArgs: [5000] })
      .add({ id: 'count', code: tasks.countRows, args: ['rows'] });
    const { results } = await handoff.execute(dag);
    expect(results.count).to.equal(5000);
    expect(Object.keys(results)).to.deep.equal(['rows', 'count']);
    expect(results.rows).to.have.length(5000);
    expect(results.rows).to.equal(results.rows);
    expect(Object.isFrozen(results.rows[0])).to.equal(true);
  });
});

function pick({
  dagId,
  runId,
  functionId,
  attempt,
  node,
}: {
  dagId: string;
  runId: string;
  functionId: string;
  attempt: number;
  node: string;
}) {
  return { dagId, runId, functionId, attempt, node };
}
