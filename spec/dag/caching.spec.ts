import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { addCaching, copyOfCaching } from '../../lib/dag/graph/caching.js';
import { compile, Dag, type DynamicDag, ExpandedDag, growingShape, insidesOf, type PlanCaching } from '../../lib/dag/index.js';
import { growingPlanOf } from '../../lib/dag/plan/growing/growing-plan.js';
import { thrownBy } from './thrown.js';

const ref = (name: string) => ({ module: './m.js', name });
const one = (): number => 1;

const cachingOf = (dag: DynamicDag): PlanCaching | undefined => compile(dag).caching;
const byId = (dag: DynamicDag, numbers: Iterable<number>): string[] => {
  const { ids, inputs } = compile(dag);
  return [...numbers].map((number) => (number < 0 ? inputs[-number - 1]! : ids[number]!)).sort();
};

describe('what a plan says of remembered results', () => {
  it('is nothing where no function is remembered', () => {
    expect(cachingOf(Dag.dynamic('d').add({ id: 'a', code: ref('a') }))).to.equal(undefined);
    expect(cachingOf(Dag.dynamic('d').add({ id: 'a', code: ref('a'), cache: false }))).to.equal(undefined);
  });

  it('names the functions, with how old their results may be, and whose values they take', () => {
    const dag = Dag.dynamic('d')
      .input('x')
      .input('y')
      .add({ id: 'a', code: ref('a'), args: ['y'] })
      .add({ id: 'b', code: ref('b'), args: ['a', 'x'], cache: true })
      .add({ id: 'c', code: ref('c'), args: ['b'], cache: { ttlMs: 5 } })
      .add({ id: 'd', code: ref('d'), args: ['c'], cache: {} })
      .add({ id: 'e', code: ref('d'), args: ['d'] });
    const { ttls, digested, digestedParts } = cachingOf(dag)!;
    expect([...ttls.values()]).to.deep.equal([Infinity, 5, Infinity]);
    expect(byId(dag, ttls.keys())).to.deep.equal(['b', 'c', 'd']);
    expect(byId(dag, digested)).to.deep.equal(['a', 'b', 'c', 'x']);
    expect(digestedParts.size).to.equal(0);
  });

  it('names what inline functions take for them', () => {
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: ref('a') })
      .add({ id: 'i', code: ref('i'), args: ['a'], type: 'inline' })
      .add({ id: 'k', code: one, args: ['i'], type: 'inline', version: '1' })
      .add({ id: 'b', code: ref('b'), args: ['k'], cache: true });
    expect(byId(dag, cachingOf(dag)!.digested)).to.deep.equal(['a']);
  });

  it('names arrays whose elements a map takes, and maps whose elements another one takes', () => {
    const dag = Dag.dynamic('d')
      .input('xs')
      .add({ id: 'ys', code: ref('ys') })
      .map({ id: 'm', over: 'xs', code: ref('m'), cache: true })
      .map({ id: 'n', over: 'ys', code: ref('n'), args: ['xs'] })
      .map({ id: 'o', over: 'n', code: ref('o'), cache: true });
    const { ttls, digested, digestedParts } = cachingOf(dag)!;
    expect(byId(dag, ttls.keys())).to.deep.equal(['m', 'o']);
    expect(byId(dag, digested)).to.deep.equal(['n']);
    expect(byId(dag, digestedParts)).to.deep.equal(['xs']);
  });

  it('comes along in an included DAG', () => {
    const inner = Dag.dynamic('inner')
      .input('x')
      .add({ id: 'a', code: ref('a'), args: ['x'], cache: true });
    const dag = Dag.dynamic('d')
      .add({ id: 'v', code: ref('v') })
      .include('sub', inner, { x: 'v' });
    const { ttls, digested } = cachingOf(dag)!;
    expect([byId(dag, ttls.keys()), byId(dag, digested)]).to.deep.equal([['sub/a'], ['v']]);
  });

  it('grows with the insides of an expansion, and the plan of the DAG itself stays as it was', () => {
    const dag = Dag.dynamic('d')
      .expand({ id: 'e', code: ref('e') })
      .add({ id: 'z', code: ref('z'), cache: true });
    const inner = Dag.dynamic('i')
      .add({ id: 'a', code: ref('a') })
      .add({ id: 'b', code: ref('b'), args: ['a'], cache: { ttlMs: 7 } });
    const plan = doAtOnce(growingPlanOf(compile(dag)));
    const { fragment } = insidesOf(plan, 0, new ExpandedDag(compile(inner), 'e'), 0, 2);
    expect(fragment.caching).to.deep.equal({ ttls: new Map([[3, 7]]), digested: new Set([2]), digestedParts: new Set() });
    expect([...growingShape(compile(dag).shape).caching!.ttls.keys()]).to.deep.equal([1]);
    const copy = copyOfCaching(compile(dag).caching!);
    addCaching(copy, fragment.caching!);
    expect([...copy.ttls]).to.deep.equal([
      [1, Infinity],
      [3, 7],
    ]);
    expect(compile(dag).caching!.ttls.size).to.equal(1);
  });

  it('is a fault for an expansion, whose functions may have it each for itself', () => {
    const dag = Dag.dynamic('d').expand({ id: 'e', code: ref('e'), cache: true });
    expect(thrownBy(() => dag.validate()).message).to.include(
      'cache is true, needs to be left out: the functions of the DAG that it makes',
    );
  });

  it('is a fault for a plain function without a version, also for one that is evaluated inline', () => {
    const plain = Dag.dynamic('d').add({ id: 'a', code: one, cache: true });
    expect(thrownBy(() => plain.validate()).message).to.include('cache is true, needs a version beside it');
    const inline = Dag.dynamic('d')
      .add({ id: 'i', code: one, type: 'inline' })
      .add({ id: 'k', code: ref('k'), args: ['i'], type: 'inline' })
      .add({ id: 'b', code: ref('b'), args: ['k'], cache: true });
    const error = thrownBy(() => inline.validate());
    expect(error).to.deep.include({ code: 'HANDOFF_INVALID_DAG' });
    expect(error.message).to.include('"b": its inline argument "i" is a plain function, needs a version');
    expect(thrownBy(() => compile(inline)).message).to.equal(error.message);
  });
});
