import { expect } from 'chai';
import fc from 'fast-check';
import { Dag, type DynamicDag } from '../../lib/dag/index.js';
import { type Edges, randomGraph, reachableFrom } from './graphs.js';
import { faultsOf } from './thrown.js';

/** Functions by id, with what each needs. */
function dagOf(needs: Readonly<Record<string, readonly string[]>>): DynamicDag {
  const dag = Dag.dynamic();
  for (const [id, args] of Object.entries(needs)) dag.add({ id, code: () => 1, args });
  return dag;
}
const cyclesOf = (dag: DynamicDag): (readonly string[])[] => faultsOf(dag).flatMap((fault) => (fault.kind === 'cycle' ? [fault.path] : []));

describe('A cycle', () => {
  it('is found where a function needs itself', () => {
    const dag = dagOf({ a: [], b: ['b', 'a'] });
    expect(faultsOf(dag)).to.deep.equal([
      { kind: 'cycle', functionId: 'b', path: ['b', 'b'], message: 'Cannot order functions: each needs the one before, "b" → "b"' },
    ]);
  });

  it('is told along the flow of values, from the function that was added first back to it', () => {
    expect(cyclesOf(dagOf({ a: ['c'], b: ['a'], c: ['b'] }))).to.deep.equal([['a', 'b', 'c', 'a']]);
    expect(cyclesOf(dagOf({ a: ['b'], b: ['c'], c: ['a'] }))).to.deep.equal([['a', 'c', 'b', 'a']]);
  });

  it('is a shortest one of its component, and does not name who only hangs on it', () => {
    const needs = { before: [], a: ['d', 'before', 'b'], b: ['a'], c: ['b'], d: ['c'], after: ['d'] };
    expect(cyclesOf(dagOf(needs))).to.deep.equal([['a', 'b', 'a']]);
  });

  it('is told once for each component, in the order of adding', () => {
    const needs = { x: ['y'], a: ['b', 'c'], y: ['x'], b: ['a'], c: ['a', 'x'], lone: ['lone'], d: ['c'] };
    expect(cyclesOf(dagOf(needs))).to.deep.equal([
      ['x', 'y', 'x'],
      ['a', 'b', 'a'],
      ['lone', 'lone'],
    ]);
  });

  it('is found through and among inline functions', () => {
    const dag = Dag.dynamic()
      .add({ id: 'a', code: () => 1, args: ['i'] })
      .add({ id: 'i', type: 'inline', code: () => 1, args: ['a'] })
      .add({ id: 'j', type: 'inline', code: () => 1, args: ['k'] })
      .add({ id: 'k', type: 'inline', code: () => 1, args: ['j'] });
    expect(cyclesOf(dag)).to.deep.equal([
      ['a', 'i', 'a'],
      ['j', 'k', 'j'],
    ]);
  });

  it('is not a diamond, nor an argument that is passed twice', () => {
    expect(cyclesOf(dagOf({ d: ['b', 'c', 'b'], b: ['a'], c: ['a', 'a'], a: [] }))).to.deep.equal([]);
  });

  it('is told in few words where it is long', () => {
    const dag = Dag.dynamic();
    for (let i = 0; i < 100; i++) dag.add({ id: `f${i}`, code: () => 1, args: [`f${(i + 99) % 100}`] });
    const [fault] = faultsOf(dag);
    expect(fault!.message).to.match(/"f7" → \(90 more\) → "f98" → "f99" → "f0"$/);
    expect(fault).to.have.property('path').with.length(101);
  });

  it('is told for exactly those components that have one, and is one (property, against reachability)', () => {
    const law = (edges: Edges): void => {
      const ids = edges.map((_, i) => `f${i}`);
      const dag = dagOf(Object.fromEntries(edges.map((needs, i) => [ids[i]!, needs.map((n) => ids[n]!)])));
      const reach = edges.map((_, i) => reachableFrom(edges, i));
      // A component by its lowest member: those that reach each other.
      const components = new Set(
        edges.flatMap((_, i) => (reach[i]!.has(i) ? [Math.min(...[...reach[i]!].filter((j) => reach[j]!.has(i)))] : [])),
      );
      const paths = cyclesOf(dag).map((path) => path.map((id) => ids.indexOf(id)));
      expect(paths.map((path) => path[0])).to.deep.equal([...components].sort((a, b) => a - b));
      for (const path of paths) {
        expect(path.at(-1)).to.equal(path[0]);
        expect(new Set(path).size).to.equal(path.length - 1);
        for (let k = 1; k < path.length; k++) expect(edges[path[k]!]).to.include(path[k - 1]);
      }
    };
    fc.assert(fc.property(randomGraph({ acyclic: false }), law), { numRuns: 300, verbose: 0 });
  });
});
