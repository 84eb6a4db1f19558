import { expect } from 'chai';
import { arg, collocatedWith, compile, Dag, type DynamicDag } from '../../lib/dag/index.js';
import { faultsOf, thrownBy } from './thrown.js';

const code = { module: './m.js', name: 'f' };
const functionsOf = (dag: DynamicDag): object[] => JSON.parse(JSON.stringify(dag)).functions;
/** Includes with what the compiler would refuse. */
const including =
  (dag: DynamicDag, ...given: readonly unknown[]) =>
  (): unknown =>
    (dag.include as (...all: readonly unknown[]) => unknown)(...given);

describe('A DAG that is included in another', () => {
  it('gives its functions with the prefix before their ids, wherever these occur', () => {
    const inner = Dag.dynamic('inner')
      .input('xs')
      .input('flag')
      .add({ id: 'a', code, args: ['xs', 'a2'], when: { id: 'flag', isNot: false }, optional: true, cost: { cpu: 2 } })
      .add({ id: 'a2', code, args: [arg('xs', { serialize: code, extra: [1] }), arg('half', { deserialize: code })] })
      .add({ id: 'half', code, type: 'inline', args: ['b'], argumentInclusion: 'as-list' })
      .map({ id: 'b', over: 'xs', code, extraArgs: [{ x: 1 }], node: collocatedWith('c'), when: 'c', concurrency: 2 })
      .map({ id: 'd', over: 'b', code })
      .add({ id: 'c', code, node: 'n1' })
      .expand({ id: 'e', code, args: ['b'], when: { id: 'b', is: null } });
    const outer = Dag.dynamic('outer').add({ id: 'list', code }).input('on');
    outer.include('p', inner, { xs: 'list', flag: 'on' });
    expect(functionsOf(outer).slice(1)).to.deep.equal([
      { id: 'p/a', code, args: ['list', 'p/a2'], when: { id: 'on', isNot: false }, optional: true, cost: { cpu: 2 } },
      {
        id: 'p/a2',
        code,
        args: [
          { id: 'list', serialize: code, extra: [1] },
          { id: 'p/half', deserialize: code },
        ],
      },
      { id: 'p/half', code, type: 'inline', args: ['p/b'], argumentInclusion: 'as-list' },
      {
        id: 'p/b',
        code,
        type: 'map',
        over: 'list',
        extraArgs: [{ x: 1 }],
        node: { collocatedWith: 'p/c' },
        when: 'p/c',
        concurrency: 2,
      },
      { id: 'p/d', code, type: 'map', over: 'p/b' },
      { id: 'p/c', code, node: 'n1' },
      { id: 'p/e', code, type: 'expand', args: ['p/b'], when: { id: 'p/b', is: null } },
    ]);
    expect(outer.toJSON().inputs).to.deep.equal(['on']);
    expect(faultsOf(outer)).to.deep.equal([]);
    for (const spec of outer.functions.values()) {
      for (const part of [spec, spec.args, ...spec.args, spec.when, spec.node]) expect(Object.isFrozen(part)).to.equal(true);
    }
  });

  it('has its inputs wired to functions, inputs, maps and expansions, also to those that are added later', () => {
    const inner = Dag.dynamic()
      .input('i')
      .map({ id: 'm', over: 'i', code, args: ['i'], when: 'i' });
    const outer = Dag.dynamic();
    for (const id of ['f', 'in', 'map', 'e']) outer.include(`of ${id}`, inner, { i: id });
    outer.add({ id: 'f', code }).input('in').map({ id: 'map', over: 'in', code }).expand({ id: 'e', code });
    expect(faultsOf(outer)).to.deep.equal([]);
    expect(outer.functions.get('of map/m')).to.include({ over: 'map', when: 'map' });
    expect(compile(outer).growth!.maps.get(2)).to.deep.include({ isPipelined: false });
    expect(faultsOf(Dag.dynamic().include('p', inner, { i: 'nobody' })).map(({ kind }) => kind)).to.deep.equal(['missing-function']);
  });

  it('is a snapshot: what is added to it later is not in the other', () => {
    const inner = Dag.dynamic().add({ id: 'a', code });
    const outer = Dag.dynamic().include('p', inner);
    inner.add({ id: 'b', code });
    expect([...outer.functions.keys()]).to.deep.equal(['p/a']);
    outer.include('q', inner);
    expect([...outer.functions.keys()]).to.deep.equal(['p/a', 'q/a', 'q/b']);
  });

  it('may be included in itself, any number of times, and nested', () => {
    const dag = Dag.dynamic()
      .input('i')
      .add({ id: 'a', code, args: ['i'] });
    dag.include('p', dag, { i: 'a' });
    expect([...dag.functions.keys()]).to.deep.equal(['a', 'p/a']);
    dag.include('q', dag, { i: 'p/a' });
    expect([...dag.functions.keys()]).to.deep.equal(['a', 'p/a', 'q/a', 'q/p/a']);
    const { sinks, ids } = compile(dag);
    expect([...sinks].map((index) => ids[index])).to.deep.equal(['q/p/a']);
  });

  it('may be of another copy of the package', async () => {
    const own = Dag.dynamic()
      .input('i')
      .map({ id: 'm', over: 'i', code, when: { id: 'i', isNot: 0 }, optional: true })
      .expand({ id: 'e', code, args: ['m'] })
      .add({ id: 'half', code, args: ['e'], type: 'inline' });
    const other: DynamicDag = (await import('../../dist/lib/index.js')).Dag.fromJSON(JSON.parse(JSON.stringify(own)));
    const including = (dag: DynamicDag) => Dag.dynamic('d').input('x').include('p', dag, { i: 'x' }).toJSON();
    expect(including(other)).to.deep.equal(including(own));
    expect(compile(other).growth).to.deep.equal(compile(own).growth);
  });

  it('gives serializers the ids that they have in the other', () => {
    const inner = Dag.dynamic()
      .input('i')
      .add({ id: 'a', code })
      .add({ id: 'b', code, args: [arg('a', { serialize: code }), arg('i', { deserialize: code })] });
    const plan = compile(Dag.dynamic().input('x').include('p', inner, { i: 'x' }));
    expect(plan.recipe(1).steps.map(({ role, functionId }) => `${role} ${functionId}`)).to.deep.equal([
      'serialize p/a',
      'deserialize x',
      'function p/b',
    ]);
  });

  it('refuses taken ids, inputs that are not wired, and inputs that are not known, all at once, and adds nothing', () => {
    const inner = Dag.dynamic().input('i').input('j').add({ id: 'a', code }).add({ id: 'b', code });
    const outer = Dag.dynamic('outer').add({ id: 'p/a', code }).input('p/b');
    const error = thrownBy(including(outer, 'p', inner, { i: 'p/a', k: 'p/a', a: 'p/a' }));
    expect(error).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'outer', functionId: 'p' });
    expect(error.message).to.equal('Cannot include "p": its input "j" is not wired to a value (and 4 more)');
    expect(error.faults).to.deep.equal([
      { kind: 'invalid-option', functionId: 'p', field: 'inputs.j', message: 'Cannot include "p": its input "j" is not wired to a value' },
      { kind: 'invalid-option', functionId: 'p', field: 'inputs.k', message: 'Cannot include "p": it has no input "k"' },
      { kind: 'invalid-option', functionId: 'p', field: 'inputs.a', message: 'Cannot include "p": it has no input "a"' },
      { kind: 'invalid-option', functionId: 'p/a', field: 'id', message: 'Cannot include "p": a function has the id "p/a"' },
      { kind: 'invalid-option', functionId: 'p/b', field: 'id', message: 'Cannot include "p": an input has the id "p/b"' },
    ]);
    expect([...outer.functions.keys()]).to.deep.equal(['p/a']);
  });

  it('refuses a wrong prefix, what is no DAG, and wrong inputs', () => {
    const dag = Dag.dynamic();
    const inner = Dag.dynamic().input('i');
    for (const prefix of ['', 3, null, undefined, '\ud800']) {
      expect(including(dag, prefix, inner), String(prefix)).to.throw(TypeError, 'Cannot include a DAG: the prefix');
    }
    for (const other of [undefined, null, {}, [], 'dag', inner.toJSON()]) {
      expect(including(dag, 'p', other)).to.throw(TypeError, 'Cannot include a DAG: it is not a Dag');
    }
    for (const inputs of [null, 3, ['x'], 'x'])
      expect(including(dag, 'p', inner, inputs)).to.throw(TypeError, 'Cannot include a DAG: inputs');
    for (const id of ['', 3, null, {}]) expect(including(dag, 'p', inner, { i: id })).to.throw(TypeError, 'for input "i"');
    expect(thrownBy(including(dag, 'p', inner, { i: undefined })).message).to.include('its input "i" is not wired');
  });

  it('keeps hostile ids apart', () => {
    const inner = Dag.dynamic()
      .input('__proto__')
      .add({ id: 'constructor', code, args: ['__proto__', 'then'] })
      .add({ id: 'then', code });
    const outer = Dag.dynamic().input('x');
    expect(thrownBy(including(outer, 'toString', inner, {})).message).to.include('"__proto__" is not wired');
    outer.include('toString', inner, JSON.parse('{"__proto__":"x"}'));
    expect(outer.functions.get('toString/constructor')!.args).to.deep.equal(['x', 'toString/then']);
    expect(faultsOf(outer)).to.deep.equal([]);
  });

  it('keeps its faults', () => {
    const inner = Dag.dynamic()
      .input('i')
      .add({ id: 'a', code, args: ['no'], node: collocatedWith('i'), timeoutMs: -1 })
      .add({ id: 'b', code, node: collocatedWith('nobody') });
    const faults = faultsOf(Dag.dynamic().add({ id: 'x', code }).include('p', inner, { i: 'x' }));
    expect(faults.map(({ kind, functionId }) => `${kind} ${functionId}`)).to.deep.equal([
      'missing-function p/a',
      'invalid-option p/a',
      'collocation-missing p/a',
      'collocation-missing p/b',
    ]);
  });
});
