import { expect } from 'chai';
import { collocatedWith, Dag, type DynamicDag } from '../../lib/dag/index.js';
import { thrownBy } from './thrown.js';

const code = { module: './m.js', name: 'f' };
const one = () => 1;
type Way = 'add' | 'map' | 'expand';
/** Calls a method with what the compiler would refuse. */
const calling = (way: Way, spec: unknown) => (): unknown =>
  (Dag.dynamic() as unknown as Record<Way, (spec: unknown) => unknown>)[way](spec);

describe('The builder of a DAG that grows or branches', () => {
  it('returns the DAG itself from map, expand and include', () => {
    const dag = Dag.dynamic();
    expect(dag.map({ id: 'm', over: 'xs', code })).to.equal(dag);
    expect(dag.expand({ id: 'e', code })).to.equal(dag);
    expect(dag.include('p', Dag.dynamic())).to.equal(dag);
  });

  it('holds maps and expansions as they were given, with their defaults filled in', () => {
    const dag = Dag.dynamic()
      .map({ id: 'm', over: 'xs', code: one })
      .map({ id: 'n', over: 'm', code, args: ['m'], extraArgs: [1], concurrency: 3, when: 'm', optional: true, node: collocatedWith('a') })
      .expand({ id: 'e', code, args: ['m'], when: { id: 'm', is: null }, optional: false, maxRetries: 1 })
      .add({ id: 'a', code, when: { id: 'm', isNot: '' } });
    const shared = { args: [], extraArgs: [], argumentInclusion: 'variadic' };
    expect([...dag.functions.values()]).to.deep.equal([
      { id: 'm', code: one, ...shared, type: 'map', over: 'xs' },
      {
        id: 'n',
        code,
        args: ['m'],
        extraArgs: [1],
        argumentInclusion: 'variadic',
        type: 'map',
        over: 'm',
        concurrency: 3,
        when: 'm',
        optional: true,
        node: { collocatedWith: 'a' },
      },
      { id: 'e', code, ...shared, args: ['m'], type: 'expand', when: { id: 'm', is: null }, optional: false, maxRetries: 1 },
      { id: 'a', code, ...shared, type: 'regular', when: { id: 'm', isNot: '' } },
    ]);
  });

  it('copies and freezes a condition', () => {
    const when = { id: 'a', is: 'x' };
    const dag = Dag.dynamic().add({ id: 'b', code, when });
    when.is = 'y';
    const held = dag.functions.get('b')!.when;
    expect(held).to.deep.equal({ id: 'a', is: 'x' });
    expect(Object.isFrozen(held)).to.equal(true);
  });

  it('takes a field that is undefined as not given', () => {
    const dag = Dag.dynamic().map({ id: 'm', over: 'xs', code, concurrency: undefined, when: undefined, optional: undefined });
    expect(dag.functions.get('m')).to.have.all.keys('id', 'code', 'args', 'extraArgs', 'argumentInclusion', 'type', 'over');
    const either = { id: 'a', is: 1, isNot: undefined };
    expect(Dag.dynamic().add({ id: 'b', code, when: either }).functions.get('b')!.when).to.deep.equal({ id: 'a', is: 1 });
  });

  it('refuses the fields that a method does not have, at once, naming function and field', () => {
    const wrong: [Way, object, string][] = [
      ['add', { over: 'xs' }, 'unknown field "over"'],
      ['add', { concurrency: 1 }, 'unknown field "concurrency"'],
      ['add', { type: 'map' }, 'type is "map", which map(…) adds'],
      ['add', { type: 'expand' }, 'type is "expand", which expand(…) adds'],
      ['map', { over: 'xs', type: 'regular' }, 'unknown field "type"'],
      ['map', { over: 'xs', type: 'map' }, 'unknown field "type"'],
      ['map', { over: 'xs', argumentInclusion: 'as-list' }, 'unknown field "argumentInclusion"'],
      ['map', { over: 'xs', else: 1 }, 'unknown field "else"'],
      ['expand', { type: 'regular' }, 'unknown field "type"'],
      ['expand', { argumentInclusion: 'variadic' }, 'unknown field "argumentInclusion"'],
      ['expand', { over: 'xs' }, 'unknown field "over"'],
      ['expand', { concurrency: 1 }, 'unknown field "concurrency"'],
    ];
    for (const [way, fields, message] of wrong) {
      expect(calling(way, { id: 'f', code, ...fields }), `${way}: ${message}`).to.throw(TypeError, `Cannot add function "f": ${message}`);
    }
  });

  it('refuses a wrong shape of over and when at once, naming function and field', () => {
    for (const over of [undefined, '', 3, null, ['xs'], { id: 'xs' }]) {
      expect(calling('map', { id: 'f', code, over }), String(over)).to.throw(TypeError, 'Cannot add function "f": over');
    }
    expect(calling('map', { id: 'f', code, over: '\ud800' })).to.throw(TypeError, 'Cannot add function "f": over');
    const wrong: unknown[] = ['', 3, null, true, [], ['a'], new Map(), () => 'a', '\ud800'];
    wrong.push({}, { is: 1 }, { id: '', is: 1 }, { id: 3, is: 1 }, { id: '\ud800', is: 1 });
    wrong.push({ id: 'a' }, { id: 'a', is: undefined }, { id: 'a', is: 1, isNot: 2 }, { id: 'a', is: 1, more: 1 }, { id: 'a', equals: 1 });
    for (const value of [NaN, Infinity, -Infinity, 1n, Symbol('s'), {}, [], one])
      wrong.push({ id: 'a', is: value }, { id: 'a', isNot: value });
    for (const when of wrong) {
      for (const way of ['add', 'map', 'expand'] as const) {
        const spec = { id: 'f', code, when, ...(way === 'map' && { over: 'xs' }) };
        expect(calling(way, spec), way).to.throw(TypeError, /^Cannot add function "f": .*\bwhen\b/);
      }
    }
  });

  it('takes any primitive that a condition may name', () => {
    const dag = Dag.dynamic().input('a');
    for (const [k, is] of ['', 'x', 0, -0, 1.5, true, false, null].entries()) dag.add({ id: `f${k}`, code, when: { id: 'a', is } });
    expect(dag.validate().size).to.equal(8);
    expect(Object.is((dag.functions.get('f3')!.when as { is: unknown }).is, -0)).to.equal(true);
  });

  it('refuses a taken id, whatever adds it', () => {
    const dag = Dag.dynamic('d').input('i').add({ id: 'f', code });
    for (const [id, taken] of [
      ['f', 'a function'],
      ['i', 'an input'],
    ] as const) {
      for (const act of [() => dag.map({ id, over: 'i', code }), () => dag.expand({ id, code })]) {
        const message = `Cannot add function "${id}": ${taken} has this id`;
        expect(thrownBy(act)).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'd', functionId: id, message });
      }
    }
    expect(dag.size).to.equal(1);
  });

  it('takes conditions and what may fail in Dag.of too', () => {
    const dag = Dag.of('all', { b: { code, args: ['a'], when: { id: 'a', is: 1 }, optional: true }, a: { code } } as never);
    expect((dag as unknown as DynamicDag).functions.get('b')).to.deep.include({ when: { id: 'a', is: 1 }, optional: true });
  });
});
