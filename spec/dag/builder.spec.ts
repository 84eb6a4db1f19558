import { expect } from 'chai';
import { arg, collocatedWith, Dag, type DynamicDag, functionsIn, onDriver, type } from '../../lib/dag/index.js';
import { thrownBy } from './thrown.js';

/** A specification that the compiler would refuse. */
const add = (dag: DynamicDag, spec: unknown) => () => dag.add(spec as never);
const one = () => 1;

describe('The builder of a DAG', () => {
  it('gives an unnamed DAG a UUID v7, another one each time', () => {
    const ids = [new Dag().id, Dag.dynamic().id];
    for (const id of ids) expect(id).to.match(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(ids[0]).not.to.equal(ids[1]);
    expect(new Dag('named').id).to.equal('named');
  });

  it('refuses a DAG’s id that is no non-empty string', () => {
    for (const id of ['', 3, null]) expect(() => new Dag(id as string)).to.throw(TypeError, 'non-empty string');
  });

  it('begins empty', () => {
    expect(new Dag()).to.include({ size: 0 });
    expect([...new Dag().functions]).to.deep.equal([]);
  });

  it('returns the DAG itself from add, input and validate', () => {
    const dag = Dag.dynamic();
    expect(dag.add({ id: 'a', code: one })).to.equal(dag);
    expect(dag.input('b')).to.equal(dag);
    expect(dag.validate()).to.equal(dag);
  });

  it('holds a function as it was given, with its defaults filled in', () => {
    const reference = { module: './m.js', name: 'f' };
    const options = {
      cost: { cpu: 2 },
      node: 'n1',
      maxRetries: 1,
      retry: { factor: 1 },
      timeoutMs: 5,
      isolation: 'thread',
      priority: -1,
      estimateMs: 0,
    } as const;
    const dag = Dag.dynamic()
      .add({ id: 'a', code: one })
      .add({ id: 'b', code: reference, args: ['a'], extraArgs: [{ x: 1 }], argumentInclusion: 'as-list', type: 'inline', ...options });
    expect(dag.functions.get('a')).to.deep.equal({
      id: 'a',
      code: one,
      args: [],
      extraArgs: [],
      argumentInclusion: 'variadic',
      type: 'regular',
    });
    expect(dag.functions.get('b')).to.deep.equal({
      id: 'b',
      code: reference,
      args: ['a'],
      extraArgs: [{ x: 1 }],
      argumentInclusion: 'as-list',
      type: 'inline',
      ...options,
    });
  });

  it('copies a specification: what the caller changes later changes no DAG', () => {
    const spec = {
      id: 'b',
      code: { module: './m.js', name: 'f' },
      args: ['a'],
      extraArgs: [1],
      cost: { cpu: 1 },
      retry: { factor: 1 },
      node: { collocatedWith: 'a' },
    };
    const dag = Dag.dynamic().add({ id: 'a', code: one }).add(spec);
    const before = structuredClone(dag.functions.get('b'));
    spec.id = 'c';
    spec.code.name = 'g';
    spec.args.push('c');
    spec.extraArgs.push(2);
    spec.cost.cpu = 9;
    spec.retry.factor = 9;
    spec.node.collocatedWith = 'c';
    expect(dag.functions.get('b')).to.deep.equal(before);
  });

  it('freezes what it holds, but for the values in extraArgs', () => {
    const value = { x: 1 };
    const edge = arg('a', { serialize: { module: './m.js', name: 'f' }, extra: [1] });
    const dag = Dag.dynamic().add({
      id: 'b',
      code: { module: './m.js', name: 'f' },
      args: ['a', edge],
      extraArgs: [value],
      cost: {},
      retry: {},
      node: onDriver(),
    });
    const spec = dag.functions.get('b')!;
    for (const part of [
      spec,
      spec.code,
      spec.args,
      spec.args[1],
      spec.extraArgs,
      spec.cost,
      spec.retry,
      spec.node,
      edge,
      edge.extra,
      edge.serialize,
    ]) {
      expect(Object.isFrozen(part), JSON.stringify(part)).to.equal(true);
    }
    expect(spec.extraArgs[0]).to.equal(value);
    expect(Object.isFrozen(value)).to.equal(false);
  });

  it('shows its functions as a live map that cannot be written, in the order of adding, without inputs', () => {
    const dag = Dag.dynamic().input('x').add({ id: 'b', code: one }).add({ id: 'a', code: one });
    const { functions } = dag;
    dag.add({ id: '10', code: one });
    expect([...functions.keys()]).to.deep.equal(['b', 'a', '10']);
    expect([...functions.values()].map(({ id }) => id)).to.deep.equal(['b', 'a', '10']);
    const seen: string[] = [];
    functions.forEach((spec, id) => {
      seen.push(`${spec.id}=${id}`);
    });
    expect(seen).to.deep.equal(['b=b', 'a=a', '10=10']);
    expect([functions.size, dag.size, functions.has('x'), functions.get('x'), functions.has('a')]).to.deep.equal([
      3,
      3,
      false,
      undefined,
      true,
    ]);
    expect(() => Map.prototype.set.call(functions, 'z', 1)).to.throw(TypeError);
    expect(() => Object.assign(functions, { get: one })).to.throw(TypeError);
    expect(Reflect.has(functions, 'set') || Reflect.has(functions, 'delete')).to.equal(false);
  });

  it('takes any non-empty string of whole characters as an id, names of Object’s own included', () => {
    const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ' ', '\n', '"', '→', '0', 'then'];
    const dag = Dag.dynamic();
    for (const id of ids) expect(dag.functions.has(id)).to.equal(false);
    for (const [i, id] of ids.entries()) dag.add({ id, code: one, args: ids.slice(0, i) });
    expect([...dag.validate().functions.keys()]).to.deep.equal(ids);
    for (const id of ids) expect(dag.functions.get(id)).to.include({ id });
  });

  it('refuses a taken id at once, whether function or input, and stays as it was', () => {
    const dag = Dag.dynamic('taken').add({ id: 'f', code: one }).input('i');
    const tries: [string, () => unknown, string][] = [
      ['f', add(dag, { id: 'f', code: () => 2 }), 'Cannot add function "f": a function has this id'],
      ['i', add(dag, { id: 'i', code: () => 2 }), 'Cannot add function "i": an input has this id'],
      ['f', () => dag.input('f'), 'Cannot add input "f": a function has this id'],
      ['i', () => dag.input('i'), 'Cannot add input "i": an input has this id'],
    ];
    for (const [functionId, act, message] of tries) {
      const error = thrownBy(act);
      expect(error).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'taken', functionId, message });
      expect(error.faults).to.deep.equal([{ kind: 'invalid-option', functionId, field: 'id', message }]);
    }
    expect(dag.functions.get('f')!.code).to.equal(one);
    expect([dag.size, dag.toJSON.length]).to.deep.equal([1, 0]);
  });

  it('refuses a wrong shape at once, naming function and field, and stays as it was', () => {
    const dag = Dag.dynamic();
    const code = one;
    const wrong: [unknown, string][] = [
      [undefined, 'not an object'],
      [[], 'not an object'],
      [{ code }, 'id'],
      [{ id: '', code }, 'id'],
      [{ id: 3, code }, 'id'],
      [{ id: 'a' }, '"a": code'],
      [{ id: 'a', code: 'one' }, '"a": code'],
      [{ id: 'a', code: { module: './m.js' } }, '"a": code'],
      [{ id: 'a', code: { module: '', name: 'f' } }, '"a": code'],
      [{ id: 'a', code, args: 'b' }, '"a": args is not an array'],
      [{ id: 'a', code, args: ['b', ''] }, '"a": args[1]'],
      [{ id: 'a', code, args: [3] }, '"a": args[0]'],
      [{ id: 'a', code, args: new Array(1) }, '"a": args[0]'],
      [{ id: 'a', code, args: [{ id: '' }] }, '"a": the id of an argument'],
      [{ id: 'a', code, args: [{ id: 'b', serialize: 3 }] }, '"a": serialize'],
      [{ id: 'a', code, args: [{ id: 'b', extra: 3 }] }, '"a": extra'],
      [{ id: 'a', code, args: [{ id: 'b', serialise: one }] }, '"a": unknown field "serialise"'],
      [{ id: 'a', code, timeout: 5 }, '"a": unknown field "timeout"'],
    ];
    for (const [spec, message] of wrong) expect(add(dag, spec), message).to.throw(TypeError, message);
    expect(dag.size).to.equal(0);
  });

  it('leaves costs, options and modules to validate and to the run', () => {
    const options = {
      cost: 3,
      node: 4,
      maxRetries: -1,
      retry: 5,
      timeoutMs: 'x',
      isolation: 'nowhere',
      priority: NaN,
      estimateMs: {},
      type: 'lazy',
      argumentInclusion: 'list',
      extraArgs: 6,
    };
    expect(add(Dag.dynamic(), { id: 'a', code: { module: 'no such module', name: 'f' }, ...options })).not.to.throw();
  });

  it('knows three ways to say an input, and refuses a wrong id', () => {
    const dag = new Dag().input('a', type<number>()).input<string>()('b').input('c');
    expect(dag.toJSON()).to.deep.include({ functions: [], inputs: ['a', 'b', 'c'] });
    for (const id of ['', 3, undefined]) expect(() => dag.input(id as 'd')).to.throw(TypeError, 'Cannot add an input');
    expect(() => dag.input<number>()('' as 'd')).to.throw(TypeError, 'Cannot add an input');
  });

  it('takes all functions at once, in any order, and refuses a second id', () => {
    const dag = Dag.of('all', { b: { code: (a: number) => a, args: ['a'] }, a: { code: one } });
    expect([...dag.validate().functions.keys()]).to.deep.equal(['b', 'a']);
    expect(dag.id).to.equal('all');
    expect(() => Dag.of('all', { a: { id: 'b', code: one } } as never)).to.throw(TypeError, 'the key is its id');
    expect(() => Dag.of('all', { a: 3 } as never)).to.throw(TypeError, 'Cannot add function "a"');
    expect(() => Dag.of('all', [] as never)).to.throw(TypeError, 'object of functions');
  });

  it('makes the marks of arg, collocatedWith and onDriver, and refuses wrong ones', () => {
    expect(arg('a', {})).to.deep.equal({ id: 'a', extra: [] });
    expect(arg('a', { serialize: one, extra: [1] })).to.deep.equal({ id: 'a', serialize: one, extra: [1] });
    expect(collocatedWith('a')).to.deep.equal({ collocatedWith: 'a' });
    expect(onDriver()).to.deep.equal({ onDriver: true });
    for (const options of [null, 3, { id: 'b' }, { serialize: 'x' }, { deserialize: {} }, { extra: 'x' }, { serialise: one }]) {
      expect(() => arg('a', options as never), JSON.stringify(options)).to.throw(TypeError, 'Cannot make an argument');
    }
    expect(() => arg('', {})).to.throw(TypeError, 'Cannot make an argument');
    expect(() => collocatedWith('')).to.throw(TypeError, 'Cannot collocate');
  });

  it('refers to functions without loading their module', async () => {
    const url = new URL('file:///no/such/module.js');
    const functions = functionsIn<Record<'f' | 'g', () => number>>(url);
    expect(functions.f).to.deep.equal({ module: url.href, name: 'f' });
    expect(functions.f).to.equal(functions.f);
    expect(Object.isFrozen(functions.g)).to.equal(true);
    expect(functionsIn('/app/my tasks#1.js').f).to.deep.equal({ module: 'file:///app/my%20tasks%231.js', name: 'f' });
    expect(functionsIn('./m.js').anything).to.deep.equal({ module: './m.js', name: 'anything' });
    expect(await functions).to.equal(functions);
    expect(() => Object.assign(functions, { f: 1 })).to.throw(TypeError);
    for (const module of ['', 3, undefined]) expect(() => functionsIn(module as string)).to.throw(TypeError, 'functionsIn');
    for (const module of ['C:\\app\\tasks.js', 'c:/app/tasks.js', '\\\\server\\tasks.js', '.\\tasks.js', 'src\\tasks.js']) {
      expect(() => functionsIn(module), module).to.throw(TypeError, 'is a path of Windows; give a file: URL');
    }
  });
});
