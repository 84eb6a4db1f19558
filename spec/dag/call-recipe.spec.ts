import { expect } from 'chai';
import fc from 'fast-check';
import { arg, type CallRecipe, compile, Dag, type Plan } from '../../lib/dag/index.js';
import { dagOf, INPUTS, type Sketch, sketches } from './graphs.js';

const code = (name: string) => ({ module: './m.js', name });
const one = () => 1;
const programOf = (plan: Plan, id: string): CallRecipe => plan.recipe(plan.indexOf.get(id)!);
/** The steps in short: `role id(sources)`. */
const short = ({ steps }: CallRecipe): string[] =>
  steps.map(({ role, functionId, sources }) => {
    const from = sources.map((source) => (source.from === 'step' ? `#${source.step}` : `${source.from} ${source.id}`));
    return `${role} ${functionId}(${from.join(', ')})`;
  });

/** Runs a program as a model would: every step is its name around its arguments. */
function evaluated({ steps }: CallRecipe, resultOf: (id: string) => string): string {
  const values: string[] = [];
  for (const { role, functionId, sources, asList } of steps) {
    const given = sources.map((source) =>
      source.from === 'step' ? values[source.step]! : source.from === 'input' ? source.id : resultOf(source.id),
    );
    const name = role === 'serialize' || role === 'deserialize' ? role : functionId;
    values.push(`${name}(${asList ? `[${given.join()}]` : given.join()})`);
  }
  return values.at(-1)!;
}

describe('The program of a function', () => {
  it('is one step where nothing is inline and nothing changes on its way', () => {
    const plan = compile(
      Dag.dynamic()
        .input('i')
        .add({ id: 'a', code: one })
        .add({ id: 'b', code: code('b'), args: ['a', 'i', arg('a', {})], extraArgs: [7], argumentInclusion: 'as-list' }),
    );
    expect(programOf(plan, 'b').steps).to.deep.equal([
      {
        role: 'function',
        functionId: 'b',
        code: code('b'),
        spec: plan.specs[1],
        isolation: 'thread',
        sources: [
          { from: 'function', index: 0, id: 'a' },
          { from: 'input', id: 'i' },
          { from: 'function', index: 0, id: 'a' },
        ],
        asList: true,
        extraArgs: [7],
      },
    ]);
    expect([plan.isSimple(0), plan.isSimple(1)]).to.deep.equal([true, true]);
  });

  it('evaluates each inline function once, before who needs it, and keeps the program', () => {
    const plan = compile(
      Dag.dynamic()
        .add({ id: 'c', code: code('c'), args: ['i', 'j', 'i'] })
        .add({ id: 'i', type: 'inline', code: code('i'), args: ['j', 'a'] })
        .add({ id: 'j', type: 'inline', code: one, args: ['a'] })
        .add({ id: 'a', code: one }),
    );
    expect(short(programOf(plan, 'c'))).to.deep.equal(['inline j(function a)', 'inline i(#0, function a)', 'function c(#1, #0, #1)']);
    expect(programOf(plan, 'c').steps.map(({ isolation }) => isolation)).to.deep.equal(['loop', 'thread', 'thread']);
    expect(plan.isSimple(plan.indexOf.get('c')!)).to.equal(false);
    expect(programOf(plan, 'c')).to.equal(programOf(plan, 'c'));
  });

  it('serializes and deserializes per edge, with the edge’s constants, by the producer’s id', () => {
    const plan = compile(
      Dag.dynamic()
        .add({ id: 'a', code: code('a') })
        .add({
          id: 'b',
          code: code('b'),
          args: [arg('a', { serialize: code('s'), deserialize: one, extra: ['x'] }), arg('a', { deserialize: code('d') }), 'a'],
        }),
    );
    expect(short(programOf(plan, 'b'))).to.deep.equal([
      'serialize a(function a)',
      'deserialize a(#0)',
      'deserialize a(function a)',
      'function b(#1, #2, function a)',
    ]);
    expect(programOf(plan, 'b').steps.map(({ extraArgs, isolation }) => [extraArgs, isolation])).to.deep.equal([
      [['x'], 'thread'],
      [['x'], 'loop'],
      [[], 'thread'],
      [[], 'thread'],
    ]);
  });

  it('gives what evaluating the graph from scratch gives (property, against a naive model)', () => {
    const law = (sketch: Sketch): void => {
      const { edges, inputs, serialized } = sketch;
      const model = (i: number): string => {
        const given = [...edges[i]!.map(model), ...inputs[i]!.map((k) => `in${k}`)];
        return `f${i}(${given.map((value) => (serialized[i] ? `serialize(${value})` : value)).join()})`;
      };
      const plan = compile(dagOf(sketch));
      const results = new Map<string, string>();
      for (const index of plan.topological) {
        const program = plan.recipe(index);
        results.set(
          plan.ids[index]!,
          evaluated(program, (id) => results.get(id)!),
        );
        const names = program.steps.filter(({ role }) => role === 'inline' || role === 'function').map(({ functionId }) => functionId);
        expect(new Set(names).size).to.equal(names.length);
        expect(plan.isSimple(index)).to.equal(
          program.steps.length === 1 && !(serialized[Number(names[0]!.slice(1))] && program.steps[0]!.sources.length > 0),
        );
      }
      for (const [id, value] of results) expect(value).to.equal(model(Number(id.slice(1))));
      expect(plan.inputs).to.have.length(INPUTS);
    };
    fc.assert(fc.property(sketches, law), { numRuns: 200, verbose: 0 });
  });
});
