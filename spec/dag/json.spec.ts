import { expect } from 'chai';
import fc from 'fast-check';
import { arg, collocatedWith, compile, Dag, type DynamicDag, onDriver } from '../../lib/dag/index.js';
import { dagOf, type Sketch, sketches } from './graphs.js';
import { thrownBy } from './thrown.js';

const code = { module: './m.js', name: 'f' };
const one = () => 1;
const withConstants = (...extraArgs: unknown[]): DynamicDag => Dag.dynamic('d').add({ id: 'f', code, extraArgs });
/** All that a DAG shows of itself. */
const shown = (dag: DynamicDag) => ({
  id: dag.id,
  functions: [...dag.functions],
  json: dag.toJSON(),
  mermaid: dag.toMermaid(),
  dot: dag.toDot(),
});
const copyOf = (dag: DynamicDag): DynamicDag => Dag.fromJSON(JSON.parse(JSON.stringify(dag)));

describe('A DAG as JSON', () => {
  it('is its id, functions and inputs, without what is default', () => {
    const dag = new Dag('d')
      .add({ id: 'a', code })
      .input('i')
      .add({ id: 'b', code, args: ['a'], extraArgs: [1, { x: null }], argumentInclusion: 'as-list', type: 'inline' });
    expect(JSON.parse(JSON.stringify(dag))).to.deep.equal({
      id: 'd',
      functions: [
        { id: 'a', code },
        { id: 'b', code, args: ['a'], extraArgs: [1, { x: null }], argumentInclusion: 'as-list', type: 'inline' },
      ],
      inputs: ['i'],
    });
  });

  it('keeps every option, mark and edge', () => {
    const options = {
      cost: { cpu: 0.5, ['__proto__']: 1 },
      maxRetries: 1,
      retry: { jitter: 0 },
      timeoutMs: 5,
      isolation: 'loop',
      priority: -1,
      estimateMs: 2,
      version: '1.2',
      cache: { ttlMs: 3 },
    } as const;
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code, node: 'n1', ...options })
      .add({ id: 'b', code, node: collocatedWith('a'), args: [arg('a', { serialize: code, deserialize: code, extra: [[1], 'x'] })] })
      .add({ id: 'c', code, node: onDriver(), args: ['i', arg('b', {}), 'i'] })
      .input('i');
    expect(shown(copyOf(dag))).to.deep.equal(shown(dag));
    expect(Object.keys(copyOf(dag).functions.get('a')!.cost!)).to.deep.equal(['cpu', '__proto__']);
  });

  it('keeps maps, expansions, conditions, and what may fail, without what is default', () => {
    const dag = Dag.dynamic('d')
      .input('xs')
      .map({ id: 'm', over: 'xs', code, args: ['xs'], extraArgs: [1], concurrency: 2, when: 'xs', optional: true, node: 'n1' })
      .map({ id: 'n', over: 'm', code, optional: false })
      .expand({ id: 'e', code, args: ['m'], when: { id: 'm', is: null } })
      .add({ id: 'f', code, when: { id: 'e', isNot: 'x' }, optional: true });
    expect(dag.toJSON().functions).to.deep.equal([
      {
        id: 'm',
        code,
        args: ['xs'],
        extraArgs: [1],
        type: 'map',
        over: 'xs',
        concurrency: 2,
        when: 'xs',
        optional: true,
        node: 'n1',
      },
      { id: 'n', code, type: 'map', over: 'm' },
      { id: 'e', code, args: ['m'], type: 'expand', when: { id: 'm', is: null } },
      { id: 'f', code, when: { id: 'e', isNot: 'x' }, optional: true },
    ]);
    const copy = copyOf(dag);
    expect(copy.toJSON()).to.deep.equal(dag.toJSON());
    expect([copy.toMermaid(), copy.toDot()]).to.deep.equal([dag.toMermaid(), dag.toDot()]);
    expect(compile(copy).growth).to.deep.equal(compile(dag).growth);
  });

  it('is not there for a condition that JSON would change', () => {
    const error = thrownBy(() =>
      Dag.dynamic('d')
        .input('x')
        .add({ id: 'f', code, when: { id: 'x', is: -0 } })
        .toJSON(),
    );
    expect(error).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', functionId: 'f', path: 'when.is' });
  });

  it('keeps hostile ids', () => {
    const dag = Dag.dynamic('__proto__')
      .input('constructor')
      .add({ id: '__proto__', code, args: ['constructor', 'then'] })
      .add({ id: 'then', code });
    expect(shown(copyOf(dag))).to.deep.equal(shown(dag));
  });

  it('reads back as an equal DAG (property)', () => {
    const constants = fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 2 });
    const law = (sketch: Sketch, extraArgs: unknown[]): void => {
      const dag = dagOf(sketch);
      dag.add({ id: 'constants', code, extraArgs, args: [arg('in0', { extra: extraArgs })] });
      expect(shown(copyOf(dag))).to.deep.equal(shown(dag));
    };
    // JSON itself reads -0 as 0, so a DAG refuses it; that is a law of its own below.
    const faithful = constants.filter(
      (values) => !JSON.stringify(values, (_, value) => (Object.is(value, -0) ? 'negative zero' : value)).includes('negative zero'),
    );
    fc.assert(fc.property(sketches, faithful, law), { numRuns: 200, verbose: 0 });
  });

  it('is not there for plain functions: each is a fault', () => {
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: one })
      .add({ id: 'b', code, args: ['a', arg('a', { serialize: one, deserialize: one })] })
      .add({ id: 'c', code });
    const error = thrownBy(() => dag.toJSON());
    expect(error).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'd' });
    expect(error.faults!.map((fault) => `${fault.kind} ${fault.functionId} ${'field' in fault ? fault.field : ''}`)).to.deep.equal([
      'invalid-option a code',
      'invalid-option b args[1].serialize',
      'invalid-option b args[1].deserialize',
    ]);
    expect(error.message).to.include('needs a reference (functionsIn)');
    expect(thrownBy(() => Dag.fromJSON({ id: 'd', functions: [{ id: 'a', code: one }] }))).to.include({
      code: 'HANDOFF_INVALID_DAG',
      dagId: 'd',
    });
  });

  const around: Record<string, unknown> = {};
  around.self = { around };
  const accessor = Object.defineProperty({}, 'x', { get: one, enumerable: true });
  const hidden = Object.defineProperty({}, 'x', { value: 1 });
  const changed: [what: string, path: string, value: unknown][] = [
    ['undefined', 'extraArgs[0]', undefined],
    ['NaN', 'extraArgs[0]', Number.NaN],
    ['Infinity', 'extraArgs[0].a', { a: Infinity }],
    ['-0', 'extraArgs[0][1]', [0, -0]],
    ['a bigint', 'extraArgs[0].a.b[0]', { a: { b: [1n] } }],
    ['a symbol', 'extraArgs[0].a', { a: Symbol('s') }],
    ['a function', 'extraArgs[0]["a b"]', { 'a b': one }],
    ['an instance of Date', 'extraArgs[0].__proto__', JSON.parse('{"__proto__":0}', (key, value) => (key === '' ? value : new Date(0)))],
    ['an instance of Map', 'extraArgs[0]', new Map()],
    ['an instance of Uint8Array', 'extraArgs[0]', new Uint8Array(1)],
    ['a hole', 'extraArgs[0][0]', new Array(1)],
    ['part of itself', 'extraArgs[0].self.around', around],
    ['an accessor', 'extraArgs[0].x', accessor],
    ['hidden', 'extraArgs[0].x', hidden],
    ['a symbolic key', 'extraArgs[0][Symbol(s)]', { [Symbol('s')]: 1 }],
    ['a named property of an array', 'extraArgs[0].x', Object.assign([], { x: 1 })],
  ];
  for (const [what, path, value] of changed) {
    it(`is refused for a constant with ${what}, at its path`, () => {
      const error = thrownBy(() => withConstants(value).toJSON());
      expect(error).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', dagId: 'd', functionId: 'f', path });
      expect(error.message).to.equal(`Cannot write function "f" as JSON: ${path} is ${what}`);
    });
  }

  it('is refused at the path of an edge’s constants and of an option, too', () => {
    const edge = Dag.dynamic().add({ id: 'f', code, args: ['f', arg('f', { extra: [undefined] })] });
    expect(thrownBy(() => edge.toJSON())).to.include({ path: 'args[1].extra[0]' });
    expect(
      thrownBy(() =>
        Dag.dynamic()
          .add({ id: 'f', code, cost: { cpu: Infinity } })
          .toJSON(),
      ),
    ).to.include({ path: 'cost.cpu' });
  });

  it('writes what is shared twice, what is nested 10,000 deep, and leaves the constants as they are', () => {
    const shared = { x: [1] };
    const dag = withConstants(shared, [shared]);
    const json = dag.toJSON().functions[0] as { extraArgs: unknown[] };
    expect(json.extraArgs).to.deep.equal([{ x: [1] }, [{ x: [1] }]]);
    expect(json.extraArgs[0]).not.to.equal(shared);
    let deep: unknown[] = [];
    for (let i = 0; i < 10_000; i++) deep = [deep];
    expect(() => withConstants(deep).toJSON()).not.to.throw();
  });

  it('is read into a DAG that can grow, and judged only by validate', () => {
    const dag = Dag.fromJSON({ id: 'd', functions: [{ id: 'a', code, args: ['b'], timeoutMs: -1 }] });
    expect(dag.add({ id: 'b', code }).size).to.equal(2);
    expect(thrownBy(() => dag.validate()).faults).to.have.length(1);
  });

  const unreadable: [json: unknown, message: string][] = [
    ['{}', 'takes what JSON.parse gives'],
    [null, 'not an object'],
    [[], 'not an object'],
    [{ functions: [] }, 'id is not'],
    [{ id: '', functions: [] }, 'id is not'],
    [{ id: 'd' }, 'functions is not an array'],
    [{ id: 'd', functions: {} }, 'functions is not an array'],
    [{ id: 'd', functions: [{ id: 'm', code, type: 'map' }] }, 'functions[0]: Cannot add function "m": over'],
    [{ id: 'd', functions: [{ id: 'm', code, over: 'xs' }] }, 'functions[0]: Cannot add function "m": unknown field "over"'],
    [{ id: 'd', functions: [{ id: 'e', code, type: 'expand', over: 'xs' }] }, 'unknown field "over"'],
    [{ id: 'd', functions: [{ id: 'e', code, type: 'expand', argumentInclusion: 'as-list' }] }, 'unknown field "argumentInclusion"'],
    [{ id: 'd', functions: [{ id: 'f', code, when: {} }] }, 'when'],
    [{ id: 'd', functions: [], inputs: 'i' }, 'inputs is not an array'],
    [{ id: 'd', functions: [], inputs: ['i', 3] }, 'inputs[1]'],
    [{ id: 'd', functions: [], version: 1 }, 'unknown field "version"'],
    [{ id: 'd', functions: [{ id: 'a', code }, { id: 'b' }] }, 'functions[1]: Cannot add function "b": code'],
    [{ id: 'd', functions: [3] }, 'functions[0]'],
    [{ id: 'd', functions: [{ id: 'a', code, args: [{ id: 'b', with: 1 }] }] }, 'functions[0]'],
    [{ id: 'd', functions: [{ id: 'a', code, retries: 3 }] }, 'unknown field "retries"'],
    [JSON.parse('{"id":"d","functions":[],"__proto__":{}}'), 'unknown field "__proto__"'],
  ];
  for (const [json, message] of unreadable) {
    it(`is not ${JSON.stringify(json)}`, () => {
      expect(() => Dag.fromJSON(json))
        .to.throw(TypeError, message)
        .with.property('message')
        .that.includes('Cannot read a DAG');
    });
  }

  it('is not one with a taken id', () => {
    const twice = {
      id: 'd',
      functions: [
        { id: 'a', code },
        { id: 'a', code },
      ],
    };
    expect(thrownBy(() => Dag.fromJSON(twice))).to.include({ code: 'HANDOFF_INVALID_DAG', functionId: 'a' });
    expect(thrownBy(() => Dag.fromJSON({ id: 'd', functions: [{ id: 'a', code }], inputs: ['a'] }))).to.include({ functionId: 'a' });
  });
});
