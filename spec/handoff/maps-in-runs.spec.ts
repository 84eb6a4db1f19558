import { expect } from 'chai';
import { arg, collocatedWith, Dag, Handoff, type RunEvent } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, list, over, THREE, tasks, twice, typesOf } from './maps.js';

describe('a map in its run', () => {
  let handoff: Handoff;
  const logger = spyLogger();
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, threads: 2, logger });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  describe('over a map', () => {
    it('is a pipeline: an element starts as soon as that of the same place is there; the whole waits for all', async () => {
      const gates = THREE.map(() => gate());
      const begun: string[] = [];
      const reached = THREE.map(() => gate());
      let isEnd = false;
      const dag = over([0, 1, 2])
        .map({ id: 'ys', over: 'xs', code: (x: number) => gates[x]!.pass().then(() => x) })
        .map({
          id: 'zs',
          over: 'ys',
          code: (y: number) => {
            begun.push(`zs[${y}]`);
            reached[y]!.open();
            return y;
          },
        })
        .add({
          id: 'end',
          args: ['ys'],
          code: () => {
            isEnd = true;
          },
        });
      const run = handoff.execute(dag);
      gates[1]!.open();
      await reached[1]!.pass();
      expect(begun).to.deep.equal(['zs[1]']);
      expect(isEnd).to.equal(false);
      expect(run.progress).to.include({ running: 4, succeeded: 3 });
      for (const one of gates) one.open();
      expect((await run).results).to.deep.include({ ys: [0, 1, 2], zs: [0, 1, 2] });
      expect(isEnd).to.equal(true);
    });

    it('waits for the whole of it, if it takes the whole as an argument or as its when too', async () => {
      for (const more of [{ args: ['ys'] }, { when: 'ys' }]) {
        const held = gate();
        const begun: number[] = [];
        const dag = over([0, 1])
          .map({ id: 'ys', over: 'xs', code: (x: number) => (x === 1 ? held.pass().then(() => x) : x) })
          .map({ id: 'zs', over: 'ys', code: (y: number) => void begun.push(y), ...more });
        const run = handoff.execute(dag);
        await held.reached;
        for await (const event of run) if (event.type === 'function-succeeded' && event.functionId === 'ys[0]') break;
        await new Promise((resolve) => setImmediate(resolve));
        expect(begun).to.deep.equal([]);
        held.open();
        await run;
        expect(begun).to.deep.equal([0, 1]);
      }
    });

    it('may go on over several maps, with arguments of its own at each', async () => {
      let dag = Dag.dynamic()
        .add({ id: 'one', code: () => 1 })
        .add({ id: 'm0', code: () => Array.from({ length: 50 }, (_, at) => at) });
      for (let at = 1; at <= 20; at += 1) {
        dag = dag.map({ id: `m${at}`, over: `m${at - 1}`, args: ['one'], code: (x: number, one: number) => x + one });
      }
      const { results } = await handoff.execute(dag, { collect: ['m20'] });
      expect(results).to.deep.equal({ m20: Array.from({ length: 50 }, (_, at) => at + 20) });
    });
  });

  describe('when elements fail', () => {
    const failing = (x: number): number => {
      if (x === 2) throw new RangeError('two');
      return x;
    };

    it('ends the run with the first, and the error names it', async () => {
      const dag = over(THREE).map({ id: 'ys', over: 'xs', code: failing, maxRetries: 0 });
      const error = await caught(handoff.execute(dag));
      expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys[1]', node: 'here', attempts: 1 });
      expect(error.message).to.include('ys[1]').and.to.include('two');
      expect(error.cause).to.be.instanceOf(RangeError);
    });

    it('finishes the others with onFailure continue, and is skipped as its producer failed', async () => {
      const dag = over(THREE)
        .map({ id: 'ys', over: 'xs', code: failing, maxRetries: 0 })
        .map({ id: 'zs', over: 'ys', code: twice })
        .add({ id: 'end', args: ['zs'], code: () => 1 })
        .add({ id: 'aside', args: ['xs'], code: () => 'done' });
      const run = handoff.execute(dag, { onFailure: 'continue' });
      const error = await caught(run);
      expect(error.failures).to.have.length(1);
      expect((error.failures as { functionId: string }[])[0]!.functionId).to.equal('ys[1]');
      expect(error.results).to.deep.equal({ xs: THREE, aside: 'done' });
      const events = await eventsOf(run);
      const succeeded = events.flatMap((one) => (one.type === 'function-succeeded' ? one.functionId : []));
      expect(succeeded).to.include.members(['ys[0]', 'ys[2]', 'zs[0]', 'zs[2]']);
      const skipped = events.flatMap((one) => (one.type === 'function-skipped' ? [[one.functionId, one.reason]] : []));
      expect(skipped).to.have.deep.members(['ys', 'zs[1]', 'zs', 'end'].map((id) => [id, 'producer-failed']));
      expect(run.progress).to.include({ total: 11, failed: 1, skipped: 4, succeeded: 6, running: 0, waiting: 0 });
    });

    it('has undefined in their place, if it is optional; failures has their errors', async () => {
      const dag = over(THREE)
        .map({ id: 'ys', over: 'xs', code: failing, maxRetries: 0, optional: true })
        .map({ id: 'zs', over: 'ys', code: (y: number | undefined) => (y === undefined ? 'none' : `${y}`) })
        .add({ id: 'end', args: ['ys'], code: (ys: unknown) => ys });
      const { results, failures, allocations } = await handoff.execute(dag);
      expect(results.ys).to.deep.equal([1, undefined, 3]);
      expect(results.end).to.deep.equal([1, undefined, 3]);
      expect(results.zs).to.deep.equal(['1', 'none', '3']);
      expect(Object.keys(failures)).to.deep.equal(['ys[1]']);
      expect(failures['ys[1]']).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys[1]' });
      expect(Object.keys(allocations)).to.have.members(['xs', 'ys[0]', 'ys[2]', 'zs[0]', 'zs[1]', 'zs[2]', 'end']);
    });

    it('fails itself over what is no array, also if its elements are optional', async () => {
      const dag = over('text').map({ id: 'ys', over: 'xs', code: failing, optional: true });
      expect(await caught(handoff.execute(dag))).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys' });
    });
  });

  describe('counts', () => {
    it('as one function more beside its elements: waiting until its array is there, running until the last has ended', async () => {
      const [first, last] = [gate(), gate()] as [Gate, Gate];
      const dag = Dag.dynamic()
        .add({ id: 'xs', code: () => first.pass().then(() => [1, 2]) })
        .map({ id: 'ys', over: 'xs', code: () => last.pass() });
      const run = handoff.execute(dag);
      await first.reached;
      expect(run.progress).to.include({ total: 2, waiting: 1, running: 1 });
      first.open();
      await last.reached;
      expect(run.progress).to.include({ total: 4, running: 3, succeeded: 1 });
      last.open();
      await run;
      expect(run.progress).to.include({ total: 4, succeeded: 4 });
    });

    it('is announced once before any event of its elements, and succeeds after all of theirs, without phases', async () => {
      const run = handoff.execute(over(THREE).map({ id: 'ys', over: 'xs', code: twice }));
      await run;
      const events = await eventsOf(run);
      const added = events.filter(({ type }) => type === 'functions-added');
      expect(added).to.have.length(1);
      expect(added[0]).to.deep.include({ by: 'ys', count: 3 });
      const at = (isIt: (event: RunEvent) => boolean): number => events.findIndex(isIt);
      const ofElements = (one: RunEvent): boolean => 'functionId' in one && one.functionId.startsWith('ys[');
      expect(at(({ type }) => type === 'functions-added')).to.be.below(at(ofElements));
      const end = at((one) => one.type === 'function-succeeded' && one.functionId === 'ys');
      expect(end).to.be.above(events.findLastIndex(ofElements));
      expect(events[end]).to.include({ attempt: 1, node: 'here', source: 'run' }).and.not.have.property('phases');
      expect((events[end] as { tookMs: number }).tookMs).to.be.at.least(0);
      for (const index of [0, 1, 2]) {
        expect(typesOf(events, `ys[${index}]`)).to.deep.equal(['function-ready', 'function-started', 'function-succeeded']);
      }
    });

    it('as a consumer of what it goes over and of its when, for sinks', async () => {
      const dag = Dag.dynamic()
        .add({ id: 'xs', code: list })
        .add({ id: 'is', code: () => true })
        .map({ id: 'ys', over: 'xs', code: twice, when: 'is' });
      expect((await handoff.execute(dag, { collect: 'sinks' })).results).to.deep.equal({ ys: [2, 4, 6] });
    });

    it('with its elements only for what had attempts; collect takes ids of the DAG itself alone', async () => {
      const dag = over(THREE).map({ id: 'ys', over: 'xs', code: twice });
      expect(await caught(handoff.execute(dag, { collect: ['ys[0]'] as never }))).to.be.instanceOf(TypeError);
      const { results, allocations } = await handoff.execute(dag, { collect: [] });
      expect(results).to.deep.equal({});
      expect(allocations).to.have.all.keys('xs', 'ys[0]', 'ys[1]', 'ys[2]');
    });
  });

  it('is found after its run as one value that is with the driver; its elements are not', async () => {
    const dag = new Dag('kept-map').add({ id: 'xs', code: list }).map({ id: 'ys', over: 'xs', code: twice });
    await handoff.execute(dag);
    expect(await handoff.getResult('kept-map', 'ys')).to.deep.equal([2, 4, 6]);
    expect(await handoff.lookupDataLocation('kept-map', 'ys')).to.equal('here');
    expect(await caught(handoff.getLocalValue('kept-map', 'ys[0]'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('takes inline functions and edges as arguments, and is serialized on an edge as a whole, once', async () => {
    let serialized = 0;
    const dag = Dag.dynamic()
      .add({ id: 'xs', code: list })
      .add({ id: 'base', code: () => 10 })
      .add({ id: 'inlined', type: 'inline', args: ['base'], code: (base: number) => base + 1 })
      .map({
        id: 'ys',
        over: 'xs',
        args: ['inlined', arg('base', { serialize: (base: number) => `<${base}>` })],
        code: (...all: unknown[]) => all.join(),
      })
      .add({
        id: 'end',
        args: [
          arg('ys', {
            serialize: (ys: readonly string[]) => {
              serialized += 1;
              return ys.join(' ');
            },
          }),
        ],
        code: (text: string) => text,
      });
    expect((await handoff.execute(dag)).results.end).to.equal('1,11,<10> 2,11,<10> 3,11,<10>');
    expect(serialized).to.equal(1);
  });

  it('feeds inline functions, as one of their arguments', async () => {
    const dag = over(THREE)
      .map({ id: 'ys', over: 'xs', code: twice })
      .add({ id: 'sum', type: 'inline', args: ['ys'], code: (ys: readonly number[]) => ys.reduce((a, b) => a + b) })
      .map({ id: 'zs', over: 'ys', args: ['sum'], code: (y: number, sum: number) => y / sum });
    expect((await handoff.execute(dag)).results.zs).to.deep.equal([2 / 12, 4 / 12, 6 / 12]);
  });

  it('is collocated with a function, all its elements', async () => {
    const dag = Dag.dynamic()
      .add({ id: 'xs', code: tasks.numbers, extraArgs: [3] })
      .map({ id: 'ys', over: 'xs', code: tasks.placed, node: collocatedWith('xs') });
    expect((await handoff.execute(dag)).results.ys).to.have.length(3);
  });

  it('is cancelled in the middle, with all its elements', async () => {
    const held = gate();
    const dag = over(Array.from({ length: 5000 }, (_, at) => at)).map({
      id: 'ys',
      over: 'xs',
      code: (x: number) => (x < 10 ? x : held.pass()),
    });
    const run = handoff.execute(dag, { stopGraceMs: 0 });
    await held.reached;
    void run.cancel('enough');
    expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'enough' });
    expect(run.progress).to.include({ total: 5002, running: 0, waiting: 0, ready: 0 });
    const events = await eventsOf(run);
    expect(typesOf(events, 'ys')).to.deep.equal(['function-cancelled']);
    expect(events.at(-1)!.type).to.equal('run-failed');
  });

  it('is cancelled while its elements are still being added', async () => {
    const controller = new AbortController();
    const dag = over(Array.from({ length: 50_000 }, (_, at) => at)).map({ id: 'ys', over: 'xs', code: twice });
    const run = handoff.execute(dag, { signal: controller.signal, stopGraceMs: 0 });
    const failure = caught(run);
    for await (const event of run) {
      if (event.type !== 'functions-added') continue;
      controller.abort('now');
      break;
    }
    expect(await failure).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'now' });
    const { total, succeeded, cancelled, failed, skipped } = run.progress;
    expect(total).to.equal(50_002);
    expect(succeeded + cancelled + failed + skipped).to.equal(total);
  });

  it('leaves nothing behind', async () => {
    const held = async (): Promise<number> => (await handoff.status()).nodes[0]!.heldBytes;
    const before = await held();
    const dag = over(Array.from({ length: 100 }, () => 'x'.repeat(1000)))
      .map({ id: 'ys', over: 'xs', code: (x: string) => x + x })
      .map({ id: 'zs', over: 'ys', code: (x: string) => x + x });
    const { results } = await handoff.execute(dag, { retainMs: 0 });
    // Those that were not looked at are kept for whoever has the object.
    expect([results.ys, results.zs].map((list) => (list as unknown[]).length)).to.deep.equal([100, 100]);
    expect(await held()).to.equal(before);
    await caught(handoff.execute(dag.add({ id: 'bad', args: ['zs'], code: tasks.fails, maxRetries: 0 }), { retainMs: 0 }));
    expect(await held()).to.equal(before);
  });
});
