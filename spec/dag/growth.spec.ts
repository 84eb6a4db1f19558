import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { arg, collocatedWith, compile, compileInSteps, Dag, type DynamicDag, snapshotOf } from '../../lib/dag/index.js';

const code = { module: './m.js', name: 'f' };
const growthOf = (dag: DynamicDag) => compile(dag).growth;
const producersOf = (dag: DynamicDag, id: string): string[] => {
  const plan = compile(dag);
  const index = plan.indexOf.get(id)!;
  return [...plan.producers.slice(plan.producersStart[index], plan.producersStart[index + 1])].map((producer) => plan.ids[producer]!);
};

describe('What a plan says of functions that branch, may fail, or add others', () => {
  it('is nothing where none does', () => {
    const dag = Dag.dynamic()
      .add({ id: 'a', code, optional: false })
      .add({ id: 'b', code, args: ['a'], type: 'inline' });
    expect(growthOf(dag)).to.equal(undefined);
  });

  it('has the conditions, and how long a string each producer’s value is compared with', () => {
    const dag = Dag.dynamic()
      .input('i')
      .add({ id: 'inline', code, type: 'inline' })
      .add({ id: 'a', code, when: 'i' })
      .add({ id: 'b', code, when: { id: 'a', is: 'long' } })
      .add({ id: 'c', code, when: { id: 'a', isNot: 'longer' } })
      .add({ id: 'd', code, when: { id: 'b', is: null } });
    const growth = growthOf(dag)!;
    expect([...growth.whens]).to.deep.equal([
      [0, { on: -1, test: 'truthy' }],
      [1, { on: 0, test: { is: 'long' } }],
      [2, { on: 0, test: { isNot: 'longer' } }],
      [3, { on: 1, test: { is: null } }],
    ]);
    expect([...growth.gists]).to.deep.equal([
      [-1, 0],
      [0, 6],
      [1, 0],
    ]);
    expect([growth.maps.size, growth.expansions.size, growth.optionals.size, growth.splits.size]).to.deep.equal([0, 0, 0, 0]);
  });

  it('has the maps, the arrays that are split, and which maps are pipelined', () => {
    const dag = Dag.dynamic()
      .input('i')
      .add({ id: 'xs', code })
      .map({ id: 'a', over: 'xs', code, concurrency: 3 })
      .map({ id: 'b', over: 'a', code })
      .map({ id: 'c', over: 'a', code, args: ['a'] })
      .map({ id: 'd', over: 'a', code, when: 'a' })
      .add({ id: 'whole', code, type: 'inline', args: [arg('a', {})] })
      .map({ id: 'e', over: 'a', code, args: ['whole'] })
      .map({ id: 'f', over: 'i', code, args: ['a'] });
    const growth = growthOf(dag)!;
    const at = (over: number, concurrency: number, isPipelined: boolean) => ({ over, concurrency, isPipelined });
    expect([...growth.maps]).to.deep.equal([
      [1, at(0, 3, false)],
      [2, at(1, Infinity, true)],
      [3, at(1, Infinity, false)],
      [4, at(1, Infinity, false)],
      [5, at(1, Infinity, false)],
      [6, at(-1, Infinity, false)],
    ]);
    expect([...growth.splits]).to.deep.equal([0, -1]);
  });

  it('is of one moment: what is added later does not touch it', () => {
    const dag = Dag.dynamic().input('xs').map({ id: 'a', over: 'xs', code });
    const snapshot = snapshotOf(dag);
    dag.map({ id: 'b', over: 'later', code, when: 'a' }).add({ id: 'later', code }).add({ id: 'xs[0]', code });
    const growth = doAtOnce(compileInSteps(snapshot, 'thread')).growth!;
    expect([[...growth.maps.keys()], growth.whens.size]).to.deep.equal([[0], 0]);
    expect(growthOf(dag)!.maps.size).to.equal(2);
  });

  it('has the expansions, and the functions that may fail', () => {
    const dag = Dag.dynamic()
      .add({ id: 'a', code, optional: true })
      .expand({ id: 'e', code, args: ['a'] })
      .expand({ id: 'g', code, optional: true });
    const growth = growthOf(dag)!;
    expect([[...growth.expansions], [...growth.optionals]]).to.deep.equal([
      [1, 2],
      [0, 2],
    ]);
  });
});

describe('What a map goes over, and what a condition looks at', () => {
  const dag = () =>
    Dag.dynamic()
      .map({ id: 'm', over: 'xs', code, args: ['a', 'xs'], when: 'w' })
      .add({ id: 'b', code, args: ['half'], when: { id: 'm', is: 1 } })
      .add({ id: 'half', code, args: ['m'], type: 'inline' })
      .add({ id: 'a', code })
      .add({ id: 'xs', code, when: 'unless' })
      .add({ id: 'w', code })
      .input('unless')
      .input('idle');

  it('is waited for like an argument, once, in whatever order it was added', () => {
    expect(producersOf(dag(), 'm')).to.deep.equal(['a', 'xs', 'w']);
    expect(producersOf(dag(), 'b')).to.deep.equal(['m']);
    const { topological, ids } = compile(dag());
    const order = [...topological].map((index) => ids[index]!);
    for (const id of ['a', 'xs', 'w']) expect(order.indexOf(id)).to.be.below(order.indexOf('m'));
    expect(order.indexOf('m')).to.be.below(order.indexOf('b'));
  });

  it('is no sink, and an input so named is used', () => {
    const { sinks, ids, inputUsed } = compile(dag());
    expect([...sinks].map((index) => ids[index])).to.deep.equal(['b']);
    expect([...inputUsed]).to.deep.equal([1, 0]);
  });
});

describe('A plain function', () => {
  const one = () => 1;

  it('binds the elements of its map, and its expansion, to the driver', () => {
    const dag = Dag.dynamic()
      .input('xs')
      .map({ id: 'm', over: 'xs', code: one })
      .map({ id: 'n', over: 'm', code })
      .expand({ id: 'e', code: one });
    const { bound, isolation } = compile(dag);
    expect([[...bound], isolation]).to.deep.equal([
      [1, 0, 1],
      ['loop', 'thread', 'loop'],
    ]);
  });

  it('binds the consumer if it serializes the whole of a map or an expansion', () => {
    const whole = (id: string) => arg(id, { serialize: one });
    const dag = Dag.dynamic()
      .add({ id: 'xs', code })
      .map({ id: 'm', over: 'xs', code })
      .expand({ id: 'e', code })
      .add({ id: 'of map', code, args: [whole('m')] })
      .add({ id: 'of expansion', code, args: [whole('e')] })
      .add({ id: 'of both', code, args: ['half'] })
      .add({ id: 'half', code, args: [whole('m'), whole('xs')], type: 'inline' });
    const { closure, ids } = compile(dag);
    expect(ids.filter((_, index) => closure[index] !== 0)).to.deep.equal(['xs', 'of map', 'of expansion', 'of both']);
  });
});

describe('A map that is collocated', () => {
  it('is in one group with its function, wherever that is pinned', () => {
    const dag = Dag.dynamic()
      .input('xs')
      .map({ id: 'm', over: 'xs', code, node: collocatedWith('a') })
      .add({ id: 'a', code, node: 'n1' });
    const { group, pin } = compile(dag);
    expect([[...group], pin]).to.deep.equal([
      [0, 0],
      ['n1', 'n1'],
    ]);
  });
});
