import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import { arg, compile, Dag, type DagLike, type Plan, remainingPaths } from '../../lib/dag/index.js';
import { dagOf, type Sketch, sketches } from './graphs.js';

const code = { module: './m.js', name: 'f' };
const one = () => 1;
/** The ids in list `index` of two arrays. */
const listed = (plan: Plan, start: Int32Array, items: Int32Array, index: number): string[] =>
  [...items.subarray(start[index], start[index + 1])].map((i) => plan.ids[i]!);
const producersOf = (plan: Plan, id: string) => listed(plan, plan.producersStart, plan.producers, plan.indexOf.get(id)!);
const dependentsOf = (plan: Plan, id: string) => listed(plan, plan.dependentsStart, plan.dependents, plan.indexOf.get(id)!);

/** What regular function i waits for and which inputs it reads, found by walking through inline functions. */
function modelOf({ edges, inline, inputs }: Sketch, i: number): { producers: Set<number>; inputs: Set<number>; inlines: Set<number> } {
  const found = { producers: new Set<number>(), inputs: new Set(inputs[i]), inlines: new Set<number>() };
  for (const needed of edges[i]!) {
    if (!inline[needed]) {
      found.producers.add(needed);
      continue;
    }
    const through = modelOf({ edges, inline, inputs, serialized: [] }, needed);
    found.inlines.add(needed);
    for (const kind of ['producers', 'inputs', 'inlines'] as const) for (const member of through[kind]) found[kind].add(member);
  }
  return found;
}

describe('A plan', () => {
  it('numbers the regular functions in the order of adding, and lists the inputs', () => {
    const dag = Dag.dynamic('d')
      .input('y')
      .add({ id: 'b', code, args: ['i'] })
      .add({ id: 'i', type: 'inline', code })
      .input('x')
      .add({ id: 'a', code });
    const plan = compile(dag);
    expect({ ...plan, specs: plan.specs.map(({ id }) => id) }).to.deep.include({
      dagId: 'd',
      size: 2,
      ids: ['b', 'a'],
      specs: ['b', 'a'],
      inputs: ['y', 'x'],
    });
    expect([...plan.indexOf]).to.deep.equal([
      ['b', 0],
      ['a', 1],
    ]);
    expect(['i', 'x', 'nobody', '__proto__'].map((id) => plan.indexOf.get(id))).to.deep.equal([undefined, undefined, undefined, undefined]);
  });

  it('is of one moment: what is added later does not touch it', () => {
    const dag = Dag.dynamic().add({ id: 'a', code });
    const plan = compile(dag);
    dag
      .add({ id: 'b', code, args: ['a'] })
      .input('i')
      .add({ id: 'c', type: 'inline', code });
    expect(plan).to.include({ size: 1 });
    expect([plan.ids, plan.inputs, [...plan.indexOf.keys()], [...plan.sinks]]).to.deep.equal([['a'], [], ['a'], [0]]);
    expect([plan.indexOf.get('b'), plan.indexOf.has('c'), plan.indexOf.size]).to.deep.equal([undefined, false, 1]);
    expect(compile(dag).ids).to.deep.equal(['a', 'b']);
  });

  it('is the same object while the DAG does not change', () => {
    const dag = Dag.dynamic().add({ id: 'a', code });
    const plan = compile(dag);
    expect(compile(dag.validate())).to.equal(plan);
    expect(compile(dag.input('i'))).not.to.equal(plan);
  });

  it('counts each producer once, whatever the arguments repeat, and knows who waits', () => {
    const plan = compile(
      Dag.dynamic()
        .add({ id: 'c', code, args: ['b', 'a', 'b', 'i'] })
        .add({ id: 'a', code })
        .add({ id: 'b', code, args: ['a'] })
        .input('i'),
    );
    expect([...plan.needsCount]).to.deep.equal([2, 0, 1]);
    expect(producersOf(plan, 'c')).to.have.members(['a', 'b']);
    expect(dependentsOf(plan, 'a')).to.have.members(['b', 'c']);
    expect([...plan.args.subarray(plan.argsStart[0], plan.argsStart[1])]).to.deep.equal([2, 1, 2, -1]);
    expect([...plan.sinks]).to.deep.equal([0]);
  });

  it('says where functions run, and why the driver must', () => {
    const plan = compile(
      Dag.dynamic()
        .add({ id: 'reference', code })
        .add({ id: 'loop', code, isolation: 'loop' })
        .add({ id: 'plain', code: one })
        .add({ id: 'made', code })
        .add({ id: 'taken', code, args: [arg('made', { serialize: one }), arg('input', { serialize: one })] })
        .input('input')
        .add({ id: 'opened', code, args: [arg('reference', { deserialize: one })] })
        .add({ id: 'half', type: 'inline', code: one, args: ['reference'] })
        .add({ id: 'outer', type: 'inline', code, args: ['half'] })
        .add({ id: 'evaluates', code, args: ['outer'] }),
    );
    expect(plan.ids.map((id, i) => `${id} ${plan.isolation[i]} ${plan.closure[i]} ${plan.bound[i]}`)).to.deep.equal([
      'reference thread 0 0',
      'loop loop 0 0',
      'plain loop 1 1',
      'made thread 2 1',
      'taken thread 2 1',
      'opened thread 3 1',
      'evaluates thread 4 1',
    ]);
  });

  it('says where references run that name no isolation, as the run wants it', () => {
    const dag = Dag.dynamic()
      .add({ id: 'none', code })
      .add({ id: 'thread', code, isolation: 'thread' })
      .add({ id: 'process', code, isolation: 'process' })
      .add({ id: 'plain', code: one })
      .add({ id: 'serialized', code, args: [arg('none', { serialize: code, deserialize: one })] });
    expect(compile(dag).isolation).to.deep.equal(['thread', 'thread', 'process', 'loop', 'thread']);
    const plan = compile(dag, 'process');
    expect(plan.isolation).to.deep.equal(['process', 'thread', 'process', 'loop', 'process']);
    expect(plan.recipe(4).steps.map(({ isolation }) => isolation)).to.deep.equal(['process', 'loop', 'process']);
    expect(compile(dag, 'process')).to.equal(plan);
    expect(plan.runAs('other').isolation).to.deep.equal(plan.isolation);
    expect(compile(dag, 'loop').isolation).to.deep.equal(['loop', 'thread', 'process', 'loop', 'loop']);
  });

  it('is made of the DAG of another copy of the package, and of nothing else', () => {
    const own = Dag.dynamic('d')
      .input('i')
      .add({ id: 'a', code, args: ['i'] });
    const foreign: DagLike = {
      id: 'd',
      size: 1,
      functions: new Map(own.functions),
      toJSON: () => own.toJSON(),
      toMermaid: () => '',
      toDot: () => '',
    };
    Object.assign(foreign, { [Symbol.for('handoff-dag.Dag.inputs')]: ['i'] });
    expect(compile(foreign)).to.deep.include({ ids: ['a'], inputs: ['i'], inputUsed: Uint8Array.of(1) });
    for (const wrong of [undefined, null, 3, {}, { id: 'd', functions: {} }, { functions: new Map() }]) {
      expect(() => compile(wrong as DagLike)).to.throw(TypeError, 'it is not a Dag');
    }
  });

  it('agrees with a walk through the graph (property)', () => {
    const law = (sketch: Sketch): void => {
      const plan = compile(dagOf(sketch));
      const regular = sketch.inline.flatMap((isInline, i) => (isInline ? [] : [i]));
      expect(plan.ids).to.deep.equal(regular.map((i) => `f${i}`));
      const models = new Map(regular.map((i) => [`f${i}`, modelOf(sketch, i)]));
      const needed = new Set<number>();
      for (const [id, model] of models) {
        const producers = [...model.producers].map((i) => `f${i}`);
        expect(producersOf(plan, id)).to.have.members(producers).and.have.length(producers.length);
        expect(plan.needsCount[plan.indexOf.get(id)!]).to.equal(producers.length);
        const dependents = [...models].flatMap(([other, { producers }]) => (producers.has(Number(id.slice(1))) ? [other] : []));
        expect(dependentsOf(plan, id)).to.deep.equal(dependents);
        for (const input of model.inputs) needed.add(input);
      }
      expect([...plan.inputUsed]).to.deep.equal([0, 1, 2].map((k) => Number(needed.has(k))));
      expect([...plan.sinks]).to.deep.equal([...plan.ids.keys()].filter((i) => dependentsOf(plan, plan.ids[i]!).length === 0));
      expect([...plan.topological].sort((a, b) => a - b)).to.deep.equal([...plan.ids.keys()]);
      const at = new Map([...plan.topological].map((index, place) => [plan.ids[index]!, place]));
      for (const id of plan.ids) for (const producer of producersOf(plan, id)) expect(at.get(producer)).to.be.below(at.get(id)!);
    };
    fc.assert(fc.property(sketches, law), { numRuns: 300, verbose: 0 });
  });
});

describe('The remaining path of a function', () => {
  it('is its own time and that of the longest way to a sink', () => {
    const plan = compile(
      Dag.dynamic()
        .add({ id: 'd', code, args: ['b', 'c'] })
        .add({ id: 'a', code })
        .add({ id: 'b', code, args: ['a'] })
        .add({ id: 'c', code, args: ['a'] }),
    );
    const times = [1, 2, 10, 5];
    expect([...doAtOnce(remainingPaths(plan, (index) => times[index]!))]).to.deep.equal([1, 13, 11, 6]);
  });

  it('is its own time and that of the slowest dependent (property)', () => {
    const law = (sketch: Sketch, times: readonly number[]): void => {
      const plan = compile(dagOf(sketch));
      const remaining = doAtOnce(remainingPaths(plan, (index) => times[index]!));
      for (const [i, id] of plan.ids.entries()) {
        const after = dependentsOf(plan, id).map((dependent) => remaining[plan.indexOf.get(dependent)!]!);
        expect(remaining[i]).to.equal(times[i]! + Math.max(0, ...after));
      }
    };
    fc.assert(fc.property(sketches, fc.array(fc.nat(100), { minLength: 12, maxLength: 12 }), law), { numRuns: 200, verbose: 0 });
  });
});
