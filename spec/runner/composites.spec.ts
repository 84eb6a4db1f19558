import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import type { ArgumentValue, RemoteValue } from '../../lib/executor/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { LARGE, openValues, packed, plan, told } from './composite-values.js';

describe('what a map or an expansion made, in its run', () => {
  it('is put together on the driver where all of it is there, is named elsewhere, and rides along if it is small', () => {
    const { values, at, made, ended, elements } = openValues();
    made('x', 'b');
    elements('m', 2);
    made('m[0]', 'a', LARGE, packed([0]));
    made('m[1]', 'a', LARGE, packed([1]));
    ended('m', 2 * LARGE);
    expect(told(values.ofFunction(at('m'), 'a'))).to.deep.equal([[0], [1]]);
    expect(values.ofFunction(at('m'), 'a'), 'once').to.equal(values.ofFunction(at('m'), 'a'));
    expect(told(values.ofFunction(at('m'), 'b'))).to.equal('a: composite m');
    ended('m', 10);
    expect(told(values.ofFunction(at('m'), 'b'))).to.equal('a: composite m = [[0],[1]]');
    values.drop(at('m[1]'));
    made('m[1]', 'c');
    ended('m', 10);
    expect(told(values.ofFunction(at('m'), 'a')), 'a part is elsewhere').to.equal('a: composite m');
    expect(told(values.ofFunction(at('m'), 'b'))).to.equal('a: composite m');
    expect((values.ofFunction(at('m'), 'c') as RemoteValue).value).to.include({ epoch: 4, first: 0, origin: 'a' });
  });

  it('has undefined for absent parts, and others in it', () => {
    const { values, absent, at, add, made, ended } = openValues();
    add('e', { 'e/m': [], 'e/f': [], 'e/g': ['e/f'], 'e/gone': [] }, { sinks: [8, 10, 11], keys: ['m', 'g', 'gone'] });
    expect(['e/m', 'e/g', 'e/gone'].map(at)).to.deep.equal([8, 10, 11]);
    made('e/f', 'a', 10, packed('f'));
    made('e/g', 'a', 10, packed('g'));
    absent.add(at('e/gone'));
    made('e/m', 'a', 10, packed('m'));
    ended('e', 10);
    expect(told(values.ofFunction(at('e'), 'a'))).to.deep.equal({ m: 'm', g: 'g', gone: undefined });
    expect(told(values.ofFunction(at('e/gone'), 'b'))).to.equal(undefined);
    absent.add(at('e'));
    expect(told(values.ofFunction(at('e'), 'b'))).to.equal(undefined);
  });

  it('is not what its own attempt has made, the DAG of an expansion', () => {
    const { values, states, nodes, policy, at, made, add, ended } = openValues();
    made('e', 'b', 10, packed('its DAG'));
    add('e', { 'e/a': [] }, { sinks: [8], keys: ['a'] });
    made('e/a', 'c', 10);
    ended('e');
    expect(told(values.ofFunction(at('e'), 'a'))).to.equal('a: composite e');
    expect(told(values.ownOf(at('e'), 'a'))).to.equal('its DAG');
    made('e/a', 'a', 10, packed(7));
    ended('e');
    expect(told(values.ofFunction(at('e'), 'a'))).to.deep.equal({ a: 7 });
    const state = { states, nodes, hasValue: new Uint8Array(100).fill(1) } as never;
    values.drop(at('e'));
    expect(values.nodeGone('b', state), 'the driver keeps the DAG, if it needs it').to.deep.equal([]);
    policy.collected[at('e')] = 1;
    doAtOnce(values.collectComposites()!);
    expect(told(values.resultOf(at('e')))).to.deep.equal({ a: 7 });
    states[at('e')] = 'skipped';
    expect(values.resultOf(at('e'))).to.equal(undefined);
  });

  it('is an empty array or record where it has added nothing', () => {
    const { values, at, ended } = openValues();
    ended('m', 0);
    ended('e', 0);
    expect(told(values.ofFunction(at('m'), 'a'))).to.deep.equal([]);
    expect(told(values.ofFunction(at('e'), 'a'))).to.deep.equal({});
    expect(values.pageOf('m', 0, 'b')).to.deep.equal({ total: 0, keys: undefined, parts: [] });
    expect(values.pageOf('e', 0, 'b')).to.deep.equal({ total: 0, keys: [], parts: [] });
  });

  it('has primitives ride along wherever they are: their names would take more', () => {
    const { values, made, ended, elements } = openValues();
    elements('m', 1);
    made('m[0]', 'b', 5, packed(7));
    ended('m');
    expect(values.pageOf('m', 0, 'b')!.parts.map(told)).to.deep.equal(['b: of-run m[0] = 7']);
  });

  it('is given in pages, each part as that node gets it, once it is there', () => {
    const { values, absent, states, at, made, ended, elements } = openValues();
    made('x', 'b');
    elements('m', 2, 4);
    elements('o', 1);
    elements('m', 2, 4, 2);
    made('m[0]', 'b');
    made('m[1]', 'b', 5, packed(['1']));
    absent.add(at('m[2]'));
    made('m[3]', 'c', 5, packed(3));
    expect(values.pageOf('m', 0, 'b')).to.equal(undefined);
    ended('m');
    const page = values.pageOf('m', 0, 'b')!;
    expect([page.total, page.keys]).to.deep.equal([4, undefined]);
    expect(page.parts.map(told)).to.deep.equal(['b: of-run m[0]', 'b: of-run m[1]', undefined, 'c: of-run m[3] = 3']);
    expect(values.pageOf('m', 3, 'b')!.parts.map(told)).to.deep.equal(['c: of-run m[3] = 3']);
    for (const [id, first] of [
      ['m', 4],
      ['m', 1e9],
      ['x', 0],
      ['nothing', 0],
    ] as const)
      expect(values.pageOf(id, first, 'b')).to.equal(undefined);
    states[at('m')] = 'waiting';
    expect(values.pageOf('m', 0, 'b')).to.equal(undefined);
  });

  it('of many parts is not put together at once', () => {
    const { values, at, made, ended, elements } = openValues();
    made('x', 'a');
    elements('m', 1001);
    for (let place = 0; place < 1001; place += 1) {
      const index = at('m') && at(`m[${place}]`);
      values.keep(index, packed(place));
    }
    ended('m');
    expect(told(values.ofFunction(at('m'), 'a'))).to.equal('a: composite m');
    expect(values.pageOf('m', 0, 'a')!.parts).to.have.length(1000);
    expect(values.pageOf('m', 1000, 'a')!.parts.map(told)).to.deep.equal([1000]);
  });

  it('is on the nodes that used it, and each of its parts where it was made', () => {
    const { values, at, made, ended, elements } = openValues();
    made('x', 'b');
    elements('m', 2);
    made('m[0]', 'b');
    made('m[1]', 'c');
    ended('m', 10);
    made('sum', 'c');
    expect([...values.holdersOf(at('m'))], 'however small').to.deep.equal(['c']);
    expect([...values.holdersOf(at('m[0]'))]).to.deep.equal(['b']);
    expect([...values.holdersOf(at('x'))], 'elements go to their functions alone').to.deep.equal(['b']);
  });

  it('counts for a placement with what is not there', () => {
    const { values, at, made, ended, elements } = openValues();
    made('x', 'b', 4 * LARGE);
    elements('m', 4);
    expect(
      ['b', 'c'].map((node) => values.bytesToMove(at('m[0]'), node)),
      'an element is a quarter',
    ).to.deep.equal([0, LARGE]);
    for (const [place, node] of ['b', 'b', 'b', 'c'].entries()) made(`m[${place}]`, node, LARGE);
    ended('m', 4 * LARGE);
    expect(['a', 'b', 'c'].map((node) => values.bytesToMove(at('sum'), node))).to.deep.equal([4 * LARGE, LARGE, 3 * LARGE]);
    made('m[2]', 'c', 2 * LARGE);
    ended('m', 5 * LARGE);
    expect(['a', 'b', 'c'].map((node) => values.bytesToMove(at('sum'), node))).to.deep.equal([5 * LARGE, 3 * LARGE, 2 * LARGE]);
    values.placed(at('sum'), 'b');
    expect(values.bytesToMove(at('sum'), 'b'), 'it is getting a copy').to.equal(0);
    values.placed(at('m[3]'), 'c');
    expect(values.bytesToMove(at('m[0]'), 'c'), 'of a part alone it gets none').to.equal(LARGE);
  });

  it('is of one family, as its parts are needed together; chains within are not', () => {
    const { values, at, made, add, elements } = openValues();
    made('x', 'b');
    elements('m', 3);
    add('e', { 'e/a': [], 'e/b': [], 'e/c': ['e/a', 'e/b'], 'e/d': [], 'e/f': ['e/d'] }, { sinks: [13, 15], keys: ['c', 'f'] });
    for (const id of ['m[0]', 'm[1]', 'e/a', 'e/d', 'e/c']) {
      made(id, 'b');
      values.placed(at(id), 'b');
    }
    const kin = (id: string): number => values.kin(at(id), 'b');
    expect([kin('m[2]'), kin('e/b'), kin('e/a')]).to.deep.equal([2, 1, 1]);
    expect([kin('e/d'), kin('e/f'), kin('e/c')], 'sinks meet in the record').to.deep.equal([1, 1, 1]);
  });
});

describe('the parts of composites, in their run', () => {
  it('are given to one function without a copy only if nothing else needs them, nor what they are parts of', () => {
    const { values, policy, at, made, add, elements } = openValues();
    made('x', 'b');
    elements('m', 1);
    elements('n', 1);
    expect(values.isSole(at('x')), 'its array is split').to.equal(false);
    expect(values.isSole(at('m[0]')), 'sum needs m').to.equal(false);
    expect(values.isSole(at('n[0]'))).to.equal(false);
    add('e', { 'e/a': [], 'e/b': ['e/a'] }, { sinks: [at('n[0]') + 2], keys: ['b'] });
    expect([values.isSole(at('e/a')), values.isSole(at('e/b'))]).to.deep.equal([true, false]);
    policy.collected[at('e/a')] = 1;
    expect(values.isSole(at('e/a'))).to.equal(false);
    expect([...values.around(at('e/a'))]).to.deep.equal([]);
    expect([...values.around(at('e/b'))]).to.deep.equal([at('e')]);
    expect([...values.around(at('m[0]'))]).to.deep.equal([at('m')]);
  });

  it('keep their files until all that need the whole have succeeded', () => {
    const { values, states, dropped, at, made, ended, elements } = openValues();
    made('x', 'b');
    elements('m', 1);
    made('m[0]', 'b');
    ended('m');
    for (const id of ['n', 'alone']) states[at(id)] = 'succeeded';
    states[at('sum')] = 'failed';
    values.drop(at('m[0]'));
    expect(dropped).to.deep.equal([]);
    states[at('sum')] = 'succeeded';
    values.drop(at('m[0]'));
    expect(dropped).to.deep.equal([at('m[0]')]);
  });

  it('are lost with their node, as an array is whose elements only were used elsewhere', () => {
    const { values, states, nodes, at, made, elements } = openValues();
    made('x', 'b');
    elements('m', 1);
    made('m[0]', 'c');
    const state = { states, nodes, hasValue: new Uint8Array(100).fill(1) } as never;
    expect(values.nodeGone('b', state)).to.deep.equal([at('x')]);
    expect(values.nodeGone('c', state)).to.deep.equal([at('m[0]')]);
  });
});

describe('the elements of an array', () => {
  it('are named by their place where the array is, and ride along where they are small and the driver has them', () => {
    const { values, at, made, elements } = openValues();
    made('x', 'b');
    elements('m', 2);
    const element = (place: number, target: string): ArgumentValue => values.ofElement(at('m'), place, target, at(`m[${place}]`));
    expect(told(element(1, 'b'))).to.equal('b: of-run x part 1, sole');
    expect(told(element(1, 'a'))).to.equal('b: of-run x part 1, sole');
    expect((element(1, 'c') as RemoteValue).sizeBytes).to.equal(LARGE / 2);
    made('x', 'b', LARGE, StoredValue.ofParts([packed('zero'), packed('one')]));
    expect(told(element(1, 'a'))).to.equal('one');
    expect(told(element(1, 'b'))).to.equal('b: of-run x part 1, sole');
    expect(told(element(0, 'c'))).to.equal('b: of-run x part 0 = "zero", sole');
  });

  it('are those of an input', () => {
    const { values, store, at, elements } = openValues();
    elements('o', 2);
    const element = (target: string): ArgumentValue => values.ofElement(at('o'), 1, target, at('o[1]'));
    expect(told(element('a'))).to.equal('one');
    expect(told(element('b'))).to.equal('a: of-run given part 1 = "one", sole');
    expect(store.get('r', 'given')!.partAt(0).open(false), 'to be fetched from').to.equal('zero');
  });

  it('are the values of a map before it, whole, even if its parts were added in several turns', () => {
    const { values, absent, at, made, elements } = openValues();
    made('x', 'b');
    elements('m', 1, 2);
    elements('o', 1);
    elements('m', 1, 2, 1);
    elements('n', 2);
    made('m[1]', 'c');
    expect(told(values.ofElement(at('n'), 1, 'b', at('n[1]')))).to.equal('c: of-run m[1]');
    absent.add(at('m[0]'));
    expect(told(values.ofElement(at('n'), 0, 'b', at('n[0]')))).to.equal(undefined);
  });
});

describe('the values that the caller of a run gets', () => {
  it('are put together of parts that were fetched, with others in them; those of absent functions are undefined', () => {
    const { values, store, absent, policy, at, add, made, ended, elements } = openValues();
    made('x', 'b');
    elements('m', 2);
    const none = {
      whens: new Map(),
      expansions: new Set<number>(),
      optionals: new Set<number>(),
      gists: new Map(),
      splits: new Set<number>(),
    };
    const growth = { ...none, maps: new Map([[11, plan.growth!.maps.get(at('m'))!]]) };
    add('e', { 'e/a': [], 'e/m': [] }, { sinks: [10, 11], keys: ['a', 'm'], growth });
    add('e/m', { 'e/m[0]': [] });
    for (const [id, value] of [
      ['m[0]', 0],
      ['m[1]', 1],
      ['e/a', 'a'],
      ['e/m[0]', 'inner'],
    ] as const)
      made(id, 'b', 10, packed(value));
    for (const id of ['m', 'e', 'e/m']) ended(id);
    absent.add(at('all'));
    for (const id of ['m', 'e', 'all', 'n', 'm[0]']) policy.collected[at(id)] = 1;
    doAtOnce(values.collectComposites()!);
    const kept = (id: string): unknown => store.get('r', id)?.open(false);
    expect(kept('m')).to.deep.equal([0, 1]);
    expect(kept('e')).to.deep.equal({ a: 'a', m: ['inner'] });
    expect(store.get('r', 'all')).to.equal(StoredValue.nothing);
    expect(['m', 'e', 'all', 'n', 'x'].map((id) => told(values.resultOf(at(id))))).to.deep.equal([
      [0, 1],
      { a: 'a', m: ['inner'] },
      ...Array(3),
    ]);
    expect(store.get('r', 'n'), 'it has not ended').to.equal(undefined);
    store.retainRun('r', ['m', 'e', 'all'], 1000);
    expect(store.find('d', 'm[0]')).to.equal(undefined);
    expect(store.locate('d', 'm'), 'its parts were made elsewhere').to.equal('a');
  });

  it('lack a composite of which a part is not there', () => {
    const { values, store, policy, at, made, ended, elements } = openValues();
    made('x', 'b');
    elements('m', 2);
    made('m[0]', 'b', 10, packed(0));
    made('m[1]', 'b', LARGE);
    ended('m');
    policy.collected[at('m')] = 1;
    doAtOnce(values.collectComposites()!);
    expect(store.get('r', 'm')).to.equal(undefined);
  });
});
