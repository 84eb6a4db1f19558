import { expect } from 'chai';
import fc from 'fast-check';
import type { DagFault } from '../../lib/base/index.js';
import { collocatedWith, Dag, type DynamicDag, snapshotOf } from '../../lib/dag/index.js';
import { findFaults } from '../../lib/dag/plan/faults.js';
import { faultsOf } from './thrown.js';

const code = { module: './m.js', name: 'f' };
const one = () => 1;
const withoutMessages = (faults: readonly DagFault[]) => faults.map(({ message: _, ...fault }) => fault);

describe('The faults of a DAG that grows or branches', () => {
  it('are none where everything is there, in any order', () => {
    const dag = Dag.dynamic()
      .add({ id: 'last', code, args: ['m', 'e'], when: { id: 'm', isNot: null } })
      .expand({ id: 'e', code: one, args: ['m'], when: 'xs', optional: true })
      .map({ id: 'm', over: 'xs', code: one, args: ['xs'], when: 'xs', optional: false, concurrency: 1 })
      .input('xs');
    expect(faultsOf(dag)).to.deep.equal([]);
    expect(faultsOf(Dag.dynamic().add({ id: 'f', code, type: 'inline', optional: false }))).to.deep.equal([]);
  });

  it('name what a map goes over and what a condition looks at, if it is neither function nor input', () => {
    const dag = Dag.dynamic()
      .map({ id: 'm', over: 'no', code, when: 'nor', args: ['no'] })
      .map({ id: 'n', over: 'nor', code, when: 'nor' })
      .expand({ id: 'e', code, when: { id: 'no', is: 1 } });
    const faults = faultsOf(dag);
    expect(withoutMessages(faults)).to.deep.equal([
      { kind: 'missing-function', functionId: 'm', missing: 'no' },
      { kind: 'missing-function', functionId: 'm', missing: 'nor' },
      { kind: 'missing-function', functionId: 'n', missing: 'nor' },
      { kind: 'missing-function', functionId: 'e', missing: 'no' },
    ]);
    expect(faults.map(({ message }) => /its (\w+) "/.exec(message)?.[1])).to.deep.equal(['argument', 'when', 'over', 'when']);
  });

  it('name a map and a condition that look at an inline function', () => {
    const dag = Dag.dynamic()
      .add({ id: 'half', code, type: 'inline' })
      .map({ id: 'm', over: 'half', code })
      .add({ id: 'f', code, when: 'half' })
      .expand({ id: 'e', code, when: { id: 'half', is: true } });
    const faults = faultsOf(dag);
    expect(withoutMessages(faults)).to.deep.equal([
      { kind: 'invalid-option', functionId: 'm', field: 'over' },
      { kind: 'invalid-option', functionId: 'f', field: 'when' },
      { kind: 'invalid-option', functionId: 'e', field: 'when' },
    ]);
    expect(faults[0]!.message).to.equal('Cannot run function "m": over is "half", which is inline, needs a value of its own');
  });

  it('name an inline function that has a condition or may fail', () => {
    const dag = Dag.dynamic().input('i').add({ id: 'f', code, type: 'inline', when: 'i', optional: true });
    expect(withoutMessages(faultsOf(dag))).to.deep.equal([
      { kind: 'invalid-option', functionId: 'f', field: 'when' },
      { kind: 'invalid-option', functionId: 'f', field: 'optional' },
    ]);
  });

  it('name values of options that are wrong', () => {
    for (const concurrency of [0, -1, 1.5, NaN, Infinity, '2', null, true]) {
      const dag = Dag.dynamic()
        .input('xs')
        .map({ id: 'm', over: 'xs', code, concurrency } as never);
      expect(withoutMessages(faultsOf(dag))).to.deep.equal([{ kind: 'invalid-option', functionId: 'm', field: 'concurrency' }]);
    }
    for (const type of ['regular', 'inline']) {
      const dag = Dag.dynamic().add({ id: 'f', code, type, optional: 'yes' } as never);
      expect(withoutMessages(faultsOf(dag))).to.deep.equal([{ kind: 'invalid-option', functionId: 'f', field: 'optional' }]);
    }
    const dag = Dag.dynamic().expand({ id: 'e', code: one, isolation: 'thread', cost: { cpu: -1 } });
    expect(faultsOf(dag).map(({ kind }) => kind)).to.deep.equal(['invalid-cost', 'invalid-option']);
  });

  it('name circles through arrays and conditions', () => {
    const path = (dag: DynamicDag) => faultsOf(dag).map((fault) => (fault.kind === 'cycle' ? fault.path : fault));
    expect(path(Dag.dynamic().map({ id: 'm', over: 'm', code }))).to.deep.equal([['m', 'm']]);
    expect(path(Dag.dynamic().add({ id: 'f', code, when: 'f' }))).to.deep.equal([['f', 'f']]);
    const long = Dag.dynamic()
      .map({ id: 'm', over: 'f', code })
      .expand({ id: 'e', code, when: { id: 'half', isNot: 1 } })
      .add({ id: 'half', code, args: ['m'] })
      .add({ id: 'f', code, args: ['inline'] })
      .add({ id: 'inline', code, args: ['e'], type: 'inline' });
    expect(path(long)).to.deep.equal([['m', 'half', 'e', 'inline', 'f', 'm']]);
  });

  it('name ids that a map or an expansion may give, of functions and of inputs', () => {
    const dag = Dag.dynamic()
      .add({ id: 'm[0]', code })
      .add({ id: 'm[007]', code, type: 'inline' })
      .map({ id: 'm', over: 'm[12]', code })
      .input('m[12]')
      .expand({ id: 'e', code })
      .expand({ id: 'e/x', code })
      .add({ id: 'e/x/y', code })
      .map({ id: 'e/', over: 'm', code })
      .add({ id: 'e/[1]', code })
      .input('e//');
    const faults = faultsOf(dag);
    expect(withoutMessages(faults)).to.deep.equal([
      { kind: 'id-clash', functionId: 'm[0]', other: 'm' },
      { kind: 'id-clash', functionId: 'm[007]', other: 'm' },
      { kind: 'id-clash', functionId: 'e/x', other: 'e' },
      { kind: 'id-clash', functionId: 'e/x/y', other: 'e' },
      { kind: 'id-clash', functionId: 'e/', other: 'e' },
      { kind: 'id-clash', functionId: 'e/[1]', other: 'e/' },
      { kind: 'id-clash', functionId: 'm[12]', other: 'm' },
      { kind: 'id-clash', functionId: 'e//', other: 'e' },
    ]);
    expect(faults[0]!.message).to.equal('Cannot use id "m[0]": "m" may give it to a function that it adds');
  });

  it('are not other ids with brackets and slashes', () => {
    const dag = Dag.dynamic().map({ id: 'm', over: 'xs', code }).map({ id: 'a/m', over: 'xs', code }).expand({ id: 'e', code }).input('xs');
    const ids = ['m[]', 'm[a]', 'm[0', 'm[-1]', 'm[1.5]', 'm[0]x', 'm [0]', '[0]', 'm/0', 'm/x', 'e[0]', 'ee/x', 'x/e/y', '/e', 'f[0]'];
    for (const id of ids) dag.add({ id, code });
    for (const id of ['m[0][1]', 'b/m[0]', 'a/m/', 'a/b']) dag.input(id);
    expect(faultsOf(dag)).to.deep.equal([]);
  });

  it('name what is collocated with a map or an expansion', () => {
    const dag = Dag.dynamic()
      .add({ id: 'f', code, node: collocatedWith('m') })
      .map({ id: 'm', over: 'xs', code, node: collocatedWith('g') })
      .expand({ id: 'e', code, node: collocatedWith('g') })
      .map({ id: 'n', over: 'xs', code, node: collocatedWith('e') })
      .map({ id: 'o', over: 'xs', code, node: collocatedWith('o') })
      .add({ id: 'g', code })
      .input('xs');
    const faults = faultsOf(dag);
    expect(withoutMessages(faults)).to.deep.equal(
      ['f', 'n', 'o'].map((functionId) => ({ kind: 'invalid-option', functionId, field: 'node' })),
    );
    expect(faults.map(({ message }) => /which is (.*) and/.exec(message)?.[1])).to.deep.equal(['a map', 'an expansion', 'a map']);
  });

  it('are found if and only if the DAG cannot be laid out (property)', () => {
    const ids = ['a', 'b', 'a[0]', 'b/c', 'i'];
    const id = fc.constantFrom('i', 'i', 'i', ...ids);
    const option = <T>(value: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
    const spec = fc.record({
      id: fc.constantFrom(...ids.slice(0, -1)),
      kind: fc.constantFrom('add', 'inline', 'map', 'expand'),
      over: id,
      args: fc.array(id, { maxLength: 1 }),
      when: option(id),
      optional: option(fc.boolean()),
      node: option(id.map((target) => collocatedWith(target))),
    });
    let right = 0;
    const law = (specs: readonly (typeof spec extends fc.Arbitrary<infer S> ? S : never)[]): void => {
      const dag = Dag.dynamic().input('i');
      for (const { kind, over, args, ...rest } of specs) {
        if (kind === 'map') dag.map({ ...rest, over, args, code });
        else if (kind === 'expand') dag.expand({ ...rest, args, code });
        else dag.add({ ...rest, args, code, type: kind === 'inline' ? 'inline' : 'regular' });
      }
      const faults = findFaults(snapshotOf(dag).graph);
      expect(faultsOf(dag)).to.deep.equal(faults);
      if (faults.length === 0) right += 1;
    };
    const distinct = fc.uniqueArray(spec, { selector: (one) => one.id, minLength: 1 });
    fc.assert(fc.property(distinct, law), { numRuns: 2000, verbose: 0 });
    expect(right).to.be.above(50);
  });

  it('are found in time that is linear, however many ids begin or end alike', () => {
    const dag = Dag.dynamic().input('xs');
    const slashes = '/'.repeat(100);
    for (let i = 0; i < 20_000; i++) {
      dag.map({ id: `m${i}`, over: 'xs', code }).expand({ id: `e${i}`, code });
      dag.add({ id: `m${i}[0]`, code }).add({ id: `e${i}${slashes}`, code });
    }
    expect(faultsOf(dag)).to.have.length(40_000);
  });
});
