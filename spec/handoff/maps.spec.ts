import { expect } from 'chai';
import { currentFunction, Dag, type DynamicDag, Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, list, over, THREE, tasks, twice, typesOf } from './maps.js';

describe('a map', () => {
  let handoff: Handoff;
  const logger = spyLogger();
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, threads: 2, logger });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  describe('calls its code for each element', () => {
    it('of the result of a function, then with the results of args, then with extraArgs; its value is the array of results in order', async () => {
      const dag = new Dag()
        .add({ id: 'xs', code: list })
        .add({ id: 'base', code: () => 10 })
        .map({ id: 'ys', over: 'xs', args: ['base', 'xs'], extraArgs: ['!'], code: (...all: unknown[]) => all })
        .add({ id: 'count', args: ['ys'], code: (ys: readonly unknown[]) => ys.length });
      const { results } = await handoff.execute(dag);
      expect(results.ys).to.deep.equal(THREE.map((x) => [x, 10, THREE, '!']));
      expect(results.count).to.equal(3);
    });

    it('of an input', async () => {
      const dag = new Dag().input<number[]>()('xs').map({ id: 'ys', over: 'xs', code: twice });
      expect((await handoff.execute(dag, { inputs: { xs: THREE } })).results).to.deep.equal({ ys: [2, 4, 6] });
    });

    it('of a stored value', async () => {
      await handoff.storeValue('stored-map', 'xs', [4, 5]);
      const dag = new Dag('stored-map').input<number[]>()('xs').map({ id: 'ys', over: 'xs', code: twice });
      expect((await handoff.execute(dag)).results).to.deep.equal({ ys: [8, 10] });
    });

    it('in threads and processes, also over what was made there', async () => {
      for (const isolation of ['thread', 'process'] as const) {
        const dag = new Dag()
          .add({ id: 'xs', code: tasks.numbers, extraArgs: [5], isolation })
          .map({ id: 'ys', over: 'xs', code: tasks.placed, isolation })
          .add({ id: 'sum', args: ['ys'], code: tasks.sumOfPlaces, isolation });
        const { results } = await handoff.execute(dag);
        expect(results.ys, isolation).to.deep.equal([0, 1, 2, 3, 4].map((x) => [x, x]));
        expect(results.sum, isolation).to.equal(10);
      }
    });

    it('with executeLocal too', async () => {
      const dag = new Dag()
        .add({ id: 'xs', code: tasks.numbers, extraArgs: [3], node: 'elsewhere' })
        .map({ id: 'ys', over: 'xs', code: tasks.placed, node: 'elsewhere', cost: { cpu: 64 } });
      const { results, allocations } = await handoff.executeLocal(dag);
      expect(results.ys).to.deep.equal([
        [0, 0],
        [1, 1],
        [2, 2],
      ]);
      expect(allocations).to.deep.equal({ xs: 'here', 'ys[0]': 'here', 'ys[1]': 'here', 'ys[2]': 'here' });
    });

    it('again in the next run of the same DAG, and in runs of it side by side, each with an array of its own', async () => {
      const dag = new Dag().input<number[]>()('xs').map({ id: 'ys', over: 'xs', code: twice }).map({ id: 'zs', over: 'ys', code: twice });
      const execute = async (count: number): Promise<void> => {
        const xs = Array.from({ length: count }, (_, at) => at);
        const { results } = await handoff.execute(dag, { inputs: { xs }, dagId: `side ${count}` });
        expect(results.zs).to.deep.equal(xs.map((x) => 4 * x));
      };
      await execute(3);
      await Promise.all([1, 0, 7, 2].map(execute));
      await execute(5);
    });
  });

  describe('has elements that are functions in every respect', () => {
    it('with ids of their own, a context that has their place, and their node in allocations, where the map itself is not', async () => {
      const dag = new Dag().add({ id: 'xs', code: () => ['a', 'b'] }).map({
        id: 'ys',
        over: 'xs',
        code: (x: string) => {
          const { functionId, index, attempt, node } = currentFunction();
          return { x, functionId, index, attempt, node };
        },
      });
      const { results, allocations } = await handoff.execute(dag);
      expect(results.ys).to.deep.equal(['a', 'b'].map((x, index) => ({ x, functionId: `ys[${index}]`, index, attempt: 1, node: 'here' })));
      expect(allocations).to.deep.equal({ xs: 'here', 'ys[0]': 'here', 'ys[1]': 'here' });
      expect(Object.keys(results)).to.deep.equal(['xs', 'ys']);
    });

    it('but no place in functions that are no elements', async () => {
      const dag = new Dag().add({ id: 'f', code: () => 'index' in currentFunction() });
      expect((await handoff.execute(dag)).results).to.deep.equal({ f: false });
    });

    it('tried again one by one', async () => {
      const calls = [0, 0, 0];
      const code = (x: number): number => {
        calls[x]! += 1;
        if (x === 1 && currentFunction().attempt < 3) throw new Error('not yet');
        return x;
      };
      const dag = over([0, 1, 2]).map({ id: 'ys', over: 'xs', code, maxRetries: 2, retry: { initialDelayMs: 0 } });
      const run = handoff.execute(dag);
      expect((await run).results.ys).to.deep.equal([0, 1, 2]);
      expect(calls).to.deep.equal([1, 3, 1]);
      expect(typesOf(await eventsOf(run), 'ys[1]').filter((type) => type === 'function-resting')).to.have.length(2);
    });

    it('with a time limit each', async () => {
      const dag = over([1, 2]).map({
        id: 'ys',
        over: 'xs',
        code: (x: number) => (x === 2 ? new Promise(() => {}) : x),
        timeoutMs: 30,
        maxRetries: 0,
      });
      const error = await caught(handoff.execute(dag, { stopGraceMs: 0 }));
      expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys[1]' });
      expect(error.cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT', functionId: 'ys[1]' });
    });

    it('whose lines of output carry their ids', async () => {
      await handoff.execute(over(['one', 'two']).map({ id: 'ys', over: 'xs', code: tasks.say }));
      for (const [index, text] of ['one', 'two'].entries()) {
        const line = logger.lines.find(({ message, fields }) => message === text && fields.functionId === `ys[${index}]`);
        expect(line, text).to.not.equal(undefined);
      }
    });

    it('that hold claims: no more run at once than their cost allows', async () => {
      const most = await mostAtOnce(handoff, { cost: { cpu: 1 } });
      expect(most).to.equal(2);
    });

    it('of which no more run at once than the map’s concurrency says, nor than maxConcurrency', async () => {
      expect(await mostAtOnce(handoff, { concurrency: 3 })).to.equal(3);
      expect(await mostAtOnce(handoff, {}, { maxConcurrency: 4 })).to.equal(4);
      expect(await mostAtOnce(handoff, { concurrency: 1 })).to.equal(1);
    });

    it('that go in the run’s order, whatever a map’s concurrency keeps back', async () => {
      const order: string[] = [];
      const note = (): void => void order.push(currentFunction().functionId);
      const dag = Dag.dynamic()
        .add({ id: 'xs', code: () => [1, 2, 3] })
        .map({ id: 'low', over: 'xs', code: note, priority: -1 })
        .map({ id: 'high', over: 'xs', code: note, priority: 1 });
      await handoff.execute(dag, { maxConcurrency: 1 });
      expect(order).to.deep.equal(['high[0]', 'high[1]', 'high[2]', 'low[0]', 'low[1]', 'low[2]']);
    });
  });

  describe('of an array', () => {
    it('that is empty is an empty array', async () => {
      const dag = over([])
        .map({ id: 'ys', over: 'xs', code: twice })
        .map({ id: 'zs', over: 'ys', code: twice })
        .add({ id: 'n', args: ['zs'], code: (zs: readonly unknown[]) => zs.length });
      const run = handoff.execute(dag);
      expect((await run).results).to.deep.equal({ xs: [], ys: [], zs: [], n: 0 });
      expect((await run).allocations).to.deep.equal({ xs: 'here', n: 'here' });
    });

    it('with holes and undefined runs for each of them, with undefined', async () => {
      const holes: unknown[] = [];
      holes[2] = 'c';
      holes.push(undefined);
      const dag = over(holes).map({ id: 'ys', over: 'xs', code: (...all: unknown[]) => [all.length, all[0], currentFunction().index] });
      expect((await handoff.execute(dag)).results.ys).to.deep.equal([
        [1, undefined, 0],
        [1, undefined, 1],
        [1, 'c', 2],
        [1, undefined, 3],
      ]);
    });

    it('of arrays runs for each inner array', async () => {
      const dag = over([[1, 2], [], [3]])
        .map({ id: 'sums', over: 'xs', code: (row: readonly number[]) => row.map(twice) })
        .map({ id: 'sizes', over: 'sums', code: (row: readonly number[]) => row.length });
      expect((await handoff.execute(dag)).results).to.deep.include({ sums: [[2, 4], [], [6]], sizes: [2, 0, 1] });
    });

    it('gives each function its element alone: elements do not share objects with each other any more', async () => {
      const shared = { n: 1 };
      for (const code of [() => [{ shared }, { shared }], tasks.sharing]) {
        const dag = Dag.dynamic()
          .add({ id: 'xs', code })
          .map({ id: 'ys', over: 'xs', code: (x: unknown) => x })
          .add({ id: 'same', args: ['xs'], code: ([a, b]: { shared: object }[]) => a!.shared === b!.shared });
        expect((await handoff.execute(dag)).results).to.deep.include({ same: false, ys: [{ shared }, { shared }] });
      }
    });

    it('may lack every value that cannot be counted: what Array.isArray denies fails the map at once, and says what it is', async () => {
      const others: [string, unknown][] = [
        ['a Uint8Array', new Uint8Array(3)],
        ['a Map', new Map()],
        ['a Set', new Set([1])],
        ['a string', 'text'],
        ['null', null],
        ['a number', 3],
        ['an object', { length: 1, 0: 'a' }],
      ];
      for (const [what, value] of others) {
        for (const [where, given] of [
          ['of a function', over(value)],
          ['of an input', Dag.dynamic().input('xs')],
        ] as const) {
          const dag = given.map({ id: 'ys', over: 'xs', code: twice, maxRetries: 3, retry: { initialDelayMs: 0 } });
          const run = handoff.execute(dag, where === 'of an input' ? { inputs: { xs: value } as never } : {});
          const error = await caught(run);
          expect(error, `${what} ${where}`).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys' });
          expect(error.message, where).to.equal(`Function "ys" failed: what it goes over is ${what}, not an array`);
          expect(typesOf(await eventsOf(run), 'ys').filter((type) => type === 'function-resting')).to.deep.equal([]);
        }
      }
    });

    it('that is undefined is not taken: its value is undefined, as is that of a map over it', async () => {
      const dag = over(undefined)
        .map({ id: 'ys', over: 'xs', code: twice })
        .map({ id: 'zs', over: 'ys', code: twice })
        .add({ id: 'end', args: ['ys', 'zs'], code: (...all: unknown[]) => all });
      const run = handoff.execute(dag);
      const { results, allocations } = await run;
      expect(results).to.deep.equal({ xs: undefined, ys: undefined, zs: undefined, end: [undefined, undefined] });
      expect(results).to.have.all.keys('xs', 'ys', 'zs', 'end');
      expect(allocations).to.have.all.keys('xs', 'end');
      const skipped = (await eventsOf(run)).filter(({ type }) => type === 'function-skipped');
      expect(skipped.map((event) => ({ ...event, atMs: 0, runId: '', dagId: '' }))).to.deep.equal(
        ['ys', 'zs'].map((functionId) => ({ type: 'function-skipped', functionId, reason: 'not-taken', atMs: 0, runId: '', dagId: '' })),
      );
    });

    it('is not taken over an input that is undefined', async () => {
      const dag = new Dag().input<number[] | undefined>()('xs').map({ id: 'ys', over: 'xs', code: twice });
      expect((await handoff.execute(dag, { inputs: { xs: undefined } })).results).to.deep.equal({ ys: undefined });
    });

    it('runs or not as its when says', async () => {
      const dag = (is: boolean): DynamicDag =>
        Dag.dynamic()
          .add({ id: 'xs', code: list })
          .add({ id: 'yes', code: () => is })
          .map({ id: 'ys', over: 'xs', code: twice, when: 'yes' })
          .add({ id: 'end', args: ['ys'], code: (ys: unknown) => String(ys) });
      expect((await handoff.execute(dag(true))).results.end).to.equal('2,4,6');
      expect((await handoff.execute(dag(false))).results.end).to.equal('undefined');
    });

    it('may have no more elements than maxFunctions allows', async () => {
      const dag = over(Array.from({ length: 20 }, () => 1)).map({ id: 'ys', over: 'xs', code: twice });
      const error = await caught(handoff.execute(dag, { maxFunctions: 10 }));
      expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys' });
      expect(error.message).to.include('10');
      expect((await handoff.execute(dag, { maxFunctions: 22 })).results.ys).to.have.length(20);
    });
  });
});

/** How many elements of a map of 20 ran at once. */
async function mostAtOnce(handoff: Handoff, spec: object, options: object = {}): Promise<number> {
  let running = 0;
  let most = 0;
  const code = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const dag = over(Array.from({ length: 20 }, (_, at) => at)).map({ id: 'ys', over: 'xs', code, ...spec });
  await handoff.execute(dag, options);
  return most;
}
