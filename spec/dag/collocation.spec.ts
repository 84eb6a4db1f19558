import { expect } from 'chai';
import fc from 'fast-check';
import { collocatedWith, compile, Dag, type DynamicDag, onDriver } from '../../lib/dag/index.js';
import { faultsOf } from './thrown.js';

const code = { module: './m.js', name: 'f' };
/** Functions by id, with their `node`. */
function dagOf(nodes: Readonly<Record<string, string | object | undefined>>): DynamicDag {
  const dag = Dag.dynamic();
  for (const [id, node] of Object.entries(nodes)) dag.add({ id, code, ...(node !== undefined && { node }) } as never);
  return dag;
}

describe('Collocation', () => {
  it('with a function that does not exist is a fault that names it', () => {
    const faults = faultsOf(dagOf({ a: collocatedWith('nobody') }));
    expect(faults).to.deep.equal([
      {
        kind: 'collocation-missing',
        functionId: 'a',
        missing: 'nobody',
        message: 'Cannot place function "a": it is collocated with "nobody", which does not exist',
      },
    ]);
  });

  it('with an input or an inline function is an invalid option: neither has a node', () => {
    const dag = dagOf({ a: collocatedWith('input'), b: collocatedWith('inline') })
      .input('input')
      .add({ id: 'inline', code, type: 'inline' });
    const facts = faultsOf(dag).map(({ kind, functionId, message }) => [kind, functionId, /which is (.*) and/.exec(message)?.[1]]);
    expect(facts).to.deep.equal([
      ['invalid-option', 'a', 'an input'],
      ['invalid-option', 'b', 'inline'],
    ]);
    expect(faultsOf(dag)[0]).to.include({ field: 'node' });
  });

  it('in a circle is one fault per circle, whose path ends where it begins', () => {
    const dag = dagOf({
      hanger: collocatedWith('b'),
      a: collocatedWith('b'),
      b: collocatedWith('c'),
      c: collocatedWith('a'),
      self: collocatedWith('self'),
    });
    expect(faultsOf(dag)).to.deep.equal([
      {
        kind: 'collocation-cycle',
        functionId: 'a',
        path: ['a', 'b', 'c', 'a'],
        message: 'Cannot place functions: each is collocated with the next, "a" → "b" → "c" → "a"',
      },
      {
        kind: 'collocation-cycle',
        functionId: 'self',
        path: ['self', 'self'],
        message: 'Cannot place functions: each is collocated with the next, "self" → "self"',
      },
    ]);
  });

  it('makes one group of a function, what it names and all that are collocated with either, pinned as its pinned member', () => {
    const dag = dagOf({
      x: undefined,
      c: collocatedWith('b'),
      a: 'n1',
      b: collocatedWith('a'),
      d: collocatedWith('a'),
      e: 'n2',
      f: collocatedWith('x'),
    });
    const { group, groupCount, pin, ids } = compile(dag);
    expect(Object.fromEntries(ids.map((id, i) => [id, `${group[i]} ${pin[i]}`]))).to.deep.equal({
      x: '0 undefined',
      c: '1 n1',
      a: '1 n1',
      b: '1 n1',
      d: '1 n1',
      e: '-1 n2',
      f: '0 undefined',
    });
    expect(groupCount).to.equal(2);
  });

  it('binds a whole group to the driver where one member is bound', () => {
    const bound = (dag: DynamicDag): number[] => [...compile(dag).bound];
    expect(bound(dagOf({ a: onDriver(), b: collocatedWith('a'), c: undefined }))).to.deep.equal([1, 1, 0]);
    expect(bound(dagOf({ a: undefined, b: undefined }).add({ id: 'c', code: () => 1, node: collocatedWith('a') }))).to.deep.equal([
      1, 0, 1,
    ]);
  });

  it('may go along with an argument between the same functions', () => {
    const dag = Dag.dynamic()
      .add({ id: 'a', code, node: collocatedWith('b') })
      .add({ id: 'b', code, args: ['a'] });
    expect(faultsOf(dag)).to.deep.equal([]);
  });

  it('makes groups as joining sets does (property, against a naive model)', () => {
    const targets = fc.array(fc.option(fc.nat(11)), { minLength: 1, maxLength: 12 });
    const law = (given: readonly (number | null)[]): void => {
      // Only to earlier functions, so that there is no circle.
      const target = given.map((t, i) => (t !== null && t < i ? t : null));
      const dag = dagOf(Object.fromEntries(target.map((t, i) => [`f${i}`, t === null ? undefined : collocatedWith(`f${t}`)])));
      const sets = target.map((_, i) => new Set([i]));
      for (const [i, t] of target.entries()) {
        if (t === null) continue;
        const joined = new Set([...sets[i]!, ...sets[t]!]);
        for (const member of joined) sets[member] = joined;
      }
      const alone = (i: number): boolean => sets[i]!.size === 1;
      const groups = [...new Set(sets)].filter(({ size }) => size > 1);
      const { group, groupCount } = compile(dag);
      expect([...group]).to.deep.equal(target.map((_, i) => (alone(i) ? -1 : groups.indexOf(sets[i]!))));
      expect(groupCount).to.equal(groups.length);
    };
    fc.assert(fc.property(targets, law), { numRuns: 300, verbose: 0 });
  });
});
