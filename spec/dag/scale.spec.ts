import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { collocatedWith, compile, Dag, type DynamicDag, remainingPaths } from '../../lib/dag/index.js';
import { faultsOf } from './thrown.js';

const SIZE = 100_000;
const code = { module: './m.js', name: 'f' };

/** `SIZE` functions, each as `fields` says. */
function dagOf(fields: (i: number) => object): DynamicDag {
  const dag = Dag.dynamic('large');
  for (let i = 0; i < SIZE; i++) dag.add({ id: `f${i}`, code, ...fields(i) });
  return dag;
}
const previous = (i: number): string[] => (i === 0 ? [] : [`f${i - 1}`]);

// A law of each: it finishes, and overflows no stack. How fast is a matter of the benchmarks.
describe('A DAG of 100,000 functions', function () {
  this.timeout(480_000);

  it('may be one chain, added in either direction', () => {
    for (const dag of [dagOf((i) => ({ args: previous(i) })), dagOf((i) => ({ args: i === SIZE - 1 ? [] : [`f${i + 1}`] }))]) {
      const plan = compile(dag.validate());
      expect([plan.size, plan.sinks.length]).to.deep.equal([SIZE, 1]);
      expect(doAtOnce(remainingPaths(plan, () => 1)).reduce((a, b) => Math.max(a, b))).to.equal(SIZE);
    }
  });

  it('may be one chain of inline functions, evaluated in one program', () => {
    const dag = dagOf((i) => ({ args: previous(i), type: i === SIZE - 1 ? 'regular' : 'inline' }));
    expect(compile(dag).recipe(0).steps).to.have.length(SIZE);
  });

  it('may be wide: all take one result, and one takes all', () => {
    const dag = dagOf((i) => ({ args: i === 0 ? [] : ['f0'] })).add({ id: 'all', code, args: [...Array(SIZE).keys()].map((i) => `f${i}`) });
    const plan = compile(dag);
    expect(plan.needsCount[SIZE]).to.equal(SIZE);
    expect(plan.dependentsStart[1]).to.equal(SIZE);
  });

  it('may be a layered mesh of ten arguments each', () => {
    const layer = 1_000;
    const producers = (i: number): string[] =>
      Array.from({ length: 10 }, (_, k) => `f${i - (i % layer) - layer + ((i * 7 + k * 13) % layer)}`);
    const plan = compile(dagOf((i) => ({ args: i < layer ? [] : producers(i) })));
    expect([plan.size, plan.producers.length]).to.deep.equal([SIZE, 10 * (SIZE - layer)]);
  });

  it('may be one collocated group', () => {
    const dag = dagOf((i) => (i === 0 ? { node: 'n1' } : { node: collocatedWith(`f${i - 1}`) }));
    const { groupCount, pin } = compile(dag);
    expect([groupCount, pin[SIZE - 1]]).to.deep.equal([1, 'n1']);
  });

  it('may be at fault everywhere: one cycle, one circle of collocation, and as many missing functions', () => {
    const last = (i: number): string => `f${(i + SIZE - 1) % SIZE}`;
    const [cycle, circle, ...others] = faultsOf(dagOf((i) => ({ args: [last(i)], node: collocatedWith(last(i)) })));
    expect([cycle!.kind, circle!.kind, others]).to.deep.equal(['cycle', 'collocation-cycle', []]);
    for (const fault of [cycle, circle])
      expect(fault)
        .to.have.property('path')
        .with.length(SIZE + 1);
    const missing = [...Array(2 * SIZE).keys()].map((i) => `no${i}`);
    expect(faultsOf(Dag.dynamic().add({ id: 'f', code, args: missing }))).to.have.length(2 * SIZE);
  });

  it('may be maps over maps, or branches, or may wait for an expansion', () => {
    const maps = compile(dagOf((i) => ({ args: previous(i), when: 'in', optional: true })).input('in')).growth!;
    expect([maps.whens.size, maps.optionals.size, maps.gists.size]).to.deep.equal([SIZE, SIZE, 1]);
    const dag = Dag.dynamic('large').input('f');
    for (let i = 0; i < SIZE; i++) dag.map({ id: `f${i}`, code, over: i === 0 ? 'f' : `f${i - 1}` });
    const growth = compile(dag.expand({ id: 'e', code, when: `f${SIZE - 1}` })).growth!;
    expect([growth.maps.size, growth.splits.size, growth.maps.get(SIZE - 1)!.isPipelined]).to.deep.equal([SIZE, 1, true]);
  });

  it('may be included, many times over', () => {
    const inner = dagOf((i) => ({ args: i === 0 ? ['in'] : previous(i) })).input('in');
    const dag = Dag.dynamic('larger').input('in');
    for (const prefix of ['a', 'b', 'c']) dag.include(prefix, inner, { in: prefix === 'a' ? 'in' : `a/f${SIZE - 1}` });
    expect([dag.size, compile(dag).sinks.length]).to.deep.equal([3 * SIZE, 2]);
  });

  it('may be written, read and drawn', () => {
    const dag = dagOf((i) => ({ args: previous(i) }));
    expect(Dag.fromJSON(JSON.parse(JSON.stringify(dag))).size).to.equal(SIZE);
    expect(dag.toMermaid().split('\n')).to.have.length(2 * SIZE + 1);
    expect(dag.toDot().split('\n')).to.have.length(2 * SIZE + 3);
  });
});
