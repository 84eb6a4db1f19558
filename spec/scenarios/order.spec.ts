import { expect } from 'chai';
import { Dag, type DynamicDag } from '../../lib/index.js';
import { simulate } from '../../lib/testing/index.js';

const CHAINS = 60;
const CPUS = 4;

const one = { isolation: 'loop', cost: { cpu: 1 } } as const;

/** Counts values that were made and are not used up yet. */
class Values {
  most = 0;
  #held = 0;

  readonly make = async (at: number): Promise<number> => {
    await lasting(at);
    this.#count(1);
    return at;
  };

  /** Uses one up, and makes another. */
  readonly change = async (value: number): Promise<number> => {
    await lasting(value * 7);
    this.#count(1);
    this.#count(-1);
    return value + 1;
  };

  readonly use = async (value: number): Promise<number> => {
    await lasting(value * 3);
    this.#count(-1);
    return value;
  };

  #count(by: number): void {
    this.#held += by;
    this.most = Math.max(this.most, this.#held);
  }
}

/** Some ten ms, that differ from function to function. */
const lasting = (at: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20 + ((at * 13) % 17)));

async function heldBy(dagOf: (values: Values) => DynamicDag, inputs: Readonly<Record<string, unknown>> = {}): Promise<Values> {
  const values = new Values();
  const nodes = [{ capabilities: { cpu: CPUS }, loopConcurrency: 2 * CPUS }];
  await simulate({ seed: 1, nodes }, (cluster) => cluster.node(cluster.names[0]!).execute(dagOf(values), { collect: [], inputs }));
  return values;
}

describe('the order of functions in a run', () => {
  it('finishes chains that have begun before it begins others, though stage by stage was added', async () => {
    const { most } = await heldBy((values) => {
      const dag = Dag.dynamic('chains');
      for (let at = 0; at < CHAINS; at += 1) dag.add({ id: `extract${at}`, code: values.make, extraArgs: [at], ...one });
      for (let at = 0; at < CHAINS; at += 1) dag.add({ id: `transform${at}`, code: values.change, args: [`extract${at}`], ...one });
      for (let at = 0; at < CHAINS; at += 1) dag.add({ id: `load${at}`, code: values.use, args: [`transform${at}`], ...one });
      return dag;
    });
    expect(most).to.be.at.most(3 * CPUS);
  });

  it('takes each element through all maps of a pipeline before it takes the next', async () => {
    const { most } = await heldBy(
      (values) =>
        Dag.dynamic('maps')
          .input('items')
          .map({ id: 'extract', over: 'items', code: values.make, ...one })
          .map({ id: 'transform', over: 'extract', code: values.change, ...one })
          .map({ id: 'load', over: 'transform', code: values.use, ...one }),
      { items: Array.from({ length: CHAINS }, (_, at) => at) },
    );
    expect(most).to.be.at.most(3 * CPUS);
  });

  it('begins a long chain in time, though many short ones were added before', async () => {
    const order: string[] = [];
    const ran = (id: string, ms: number) => async (): Promise<void> => {
      order.push(id);
      await new Promise<void>((resolve) => setTimeout(resolve, ms));
    };
    const nodes = [{ capabilities: { cpu: 2 }, loopConcurrency: 4 }];
    const { result } = await simulate({ seed: 1, nodes }, async (cluster) => {
      const dag = Dag.dynamic('long');
      for (let at = 0; at < 40; at += 1) dag.add({ id: `short${at}`, code: ran(`short${at}`, 100), estimateMs: 100, ...one });
      for (let at = 0; at < 10; at += 1) {
        const args = at === 0 ? [] : [`long${at - 1}`];
        dag.add({ id: `long${at}`, code: ran(`long${at}`, 200), args, estimateMs: 200, ...one });
      }
      return cluster.node(cluster.names[0]!).execute(dag, { collect: [] });
    });
    expect(result.durationMs).to.be.within(3000, 3300);
    expect(order[0]).to.equal('long0');
  });

  it('begins the longest path first on a single slot too, and finishes it before it begins another', async () => {
    const order: string[] = [];
    const ran = (id: string) => (): void => void order.push(id);
    const dag = Dag.dynamic('single');
    const add = (id: string, args: readonly string[] = [], priority = 0): void =>
      void dag.add({ id, code: ran(id), args, priority, isolation: 'loop' });
    for (const id of ['b', 'a', 'c']) add(id);
    for (const [id, args] of Object.entries({ y1: [], y2: ['y1'], x1: [], x2: ['x1'], long1: [], long2: ['long1'], long3: ['long2'] }))
      add(id, args);
    add('first', [], 1);
    await simulate({ seed: 1, nodes: 1 }, (cluster) => cluster.node(cluster.names[0]!).execute(dag, { maxConcurrency: 1 }));
    expect(order).to.deep.equal(['first', 'long1', 'long2', 'long3', 'y1', 'y2', 'x1', 'x2', 'b', 'a', 'c']);
  });
});
