import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import {
  appendToShape,
  arg,
  compile,
  consumerOf,
  Dag,
  type DynamicDag,
  ExpandedDag,
  elementsOf,
  firstEdge,
  type GrowingPlan,
  growingPlanOf,
  insidesOf,
  NO_EDGE,
  nextEdge,
  type Plan,
  type PlanPart,
  type RunPlan,
} from '../../lib/dag/index.js';
import { dagOf, sketches } from './graphs.js';

const code = (name: string) => ({ module: './m.js', name });

const dynamic = (id: string): DynamicDag => Dag.dynamic(id);

const growing = (dag: Parameters<typeof compile>[0]): GrowingPlan => doAtOnce(growingPlanOf(compile(dag)));

function append(plan: GrowingPlan, part: PlanPart): void {
  appendToShape(plan.shape, part.fragment);
  plan.extend(part);
}

/** Calls `add` with parts of `total` things, cut at these places. */
function inParts(total: number, cuts: readonly number[], add: (first: number, count: number) => void): void {
  const places = [...new Set([0, ...cuts.map((cut) => cut % total), total])].sort((a, b) => a - b);
  for (const [k, first] of places.slice(0, -1).entries()) add(first, places[k + 1]! - first);
}

/** All that a plan says of a function, by ids. */
function told(plan: RunPlan, id: string): unknown {
  const index = plan.indexOf.get(id)!;
  const nameOf = (number: number): string => {
    if (number < 0) return plan.inputs[-number - 1]!;
    return number < plan.size ? plan.ids[number]! : 'inline';
  };
  const args = [...plan.args.subarray(plan.argsStart[index]!, plan.argsStart[index + 1]!)].map(nameOf);
  const dependents: string[] = [];
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge))
    dependents.push(nameOf(consumerOf(plan, edge)));
  const steps = plan.recipe(index).steps.map(({ functionId, sources, spec: { version, cache }, ...step }) => ({
    // Of what the user wrote, only what recipes are made for: its id and arguments are those of its own DAG.
    ...{ ...step, version, cache },
    functionId,
    sources: sources.map((source) => {
      if (source.from === 'step') return source;
      if (source.from === 'function') expect(plan.ids[source.index]).to.equal(source.id);
      return source.id;
    }),
  }));
  return {
    id: plan.ids[index]!,
    args: plan.isSimple(index) ? args : args.map((one) => (one === 'inline' ? one : 'a value')).filter((one) => one === 'inline'),
    producers: [...plan.producers.subarray(plan.producersStart[index]!, plan.producersStart[index + 1]!)].map(nameOf).sort(),
    dependents: dependents.sort(),
    isSimple: plan.isSimple(index),
    steps,
    isolation: plan.isolation[index],
    code: plan.specs[index]!.code,
    retries: plan.retries.get(index),
  };
}

describe('the plan of a run that grows', () => {
  it('says of insides what it would if the other DAG had been included, however they are cut', () => {
    fc.assert(
      fc.property(sketches, fc.array(fc.nat(12)), (sketch, cuts) => {
        const inner = dynamic('s');
        for (const spec of dagOf({ ...sketch, inputs: sketch.inputs.map(() => []) }).functions.values()) inner.add(spec as never);
        const sub = compile(inner);
        fc.pre(sub.size > 0);
        const grown = growing(
          dynamic('d')
            .add({ id: 'a', code: code('a') })
            .expand({ id: 'e', code: code('e'), args: ['a'] }),
        );
        const expanded = new ExpandedDag(sub, 'e');
        inParts(sub.size, cuts, (first, count) => append(grown, insidesOf(grown, 1, expanded, first, count)));
        const included = compile(dynamic('d').include('e', inner));
        for (const id of included.ids) {
          expect(told(grown, id)).to.deep.equal(told(included, id));
          expect(grown.ids[grown.indexOf.get(id)!]).to.equal(id);
        }
        expect(grown.size).to.equal(2 + sub.size);
        const { sinks = [], keys = [], count, total } = grown.added.parts.get(1)!;
        expect({ count, total }).to.deep.equal({ count: sub.size, total: sub.size });
        expect(keys.map((key) => `e/${key}`)).to.deep.equal(sinks.map((sink) => grown.ids[sink]));
        expect([...keys].sort()).to.deep.equal([...sub.sinks].map((sink) => sub.ids[sink]).sort());
      }),
    );
  });

  it('says of elements what it would of functions written out, with the element first', () => {
    const args = ['b', 'i', arg('b', { serialize: code('pack'), deserialize: code('unpack') }), 'inl'];
    fc.assert(
      fc.property(
        fc.subarray(args),
        fc.constantFrom('a', 'b', 'i'),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat(20)),
        (taken, over, count, cuts) => {
          const begun = (): DynamicDag =>
            dynamic('d')
              .input('i')
              .add({ id: 'a', code: code('a') })
              .add({ id: 'b', code: code('b') })
              .add({ id: 'inl', code: code('inl'), args: ['a', 'i'], type: 'inline' });
          const grown = growing(begun().map({ id: 'm', over, code: code('m'), args: taken, extraArgs: [1] }));
          const map = grown.indexOf.get('m')!;
          inParts(count, cuts, (first, more) => append(grown, elementsOf(grown, map, first, more, count)));
          const out = begun();
          for (let k = 0; k < count; k += 1) out.add({ id: `m[${k}]`, code: code('m'), args: [over, ...taken], extraArgs: [1] });
          const plain = compile(out);
          for (let k = 0; k < count; k += 1) {
            expect(told(grown, `m[${k}]`)).to.deep.equal(told(plain, `m[${k}]`));
            expect(grown.elementOf(grown.indexOf.get(`m[${k}]`)!)).to.deep.equal({ map, place: k });
          }
          expect(grown.elementOf(map)).to.equal(undefined);
          expect(grown.indexOf.get(`m[${count}]`)).to.equal(undefined);
          expect(grown.indexOf.get('m[00]')).to.equal(undefined);
          expect(grown.indexOf.get('a[0]')).to.equal(undefined);
        },
      ),
    );
  });

  it('lets each element of a pipeline wait for the one before it', () => {
    const grown = growing(piped());
    const [m, n] = [grown.indexOf.get('m')!, grown.indexOf.get('n')!];
    append(grown, elementsOf(grown, m, 0, 2, 3));
    append(grown, elementsOf(grown, n, 0, 2, 3));
    append(grown, elementsOf(grown, m, 2, 1, 3));
    append(grown, elementsOf(grown, n, 2, 1, 3));
    for (const k of [0, 1, 2]) {
      const index = grown.indexOf.get(`n[${k}]`)!;
      const producers = grown.producers.subarray(grown.producersStart[index]!, grown.producersStart[index + 1]!);
      expect([...producers].map((one) => grown.ids[one])).to.deep.equal([`m[${k}]`, 'b']);
      expect(grown.args[grown.argsStart[index]!]).to.equal(grown.indexOf.get(`m[${k}]`));
    }
    expect(grown.added.parts.get(m)!.ranges).to.deep.equal([3, 5, 7, 8]);
    expect(() => elementsOf(grown, n, 3, 1, 4)).to.throw('element 3 of "m" is not there for "n"');
  });

  it('finds and describes what is nested, to any depth', () => {
    const inner = dynamic('s')
      .add({ id: 'a/b', code: code('ab') })
      .expand({ id: 'x/y', code: code('xy'), args: ['a/b'] });
    const grown = growing(dynamic('d').expand({ id: 'e/0', code: code('e') }));
    let [prefix, expansion] = ['e/0', 0];
    for (let depth = 1; depth <= 100; depth += 1) {
      const expanded = new ExpandedDag(compile(inner), prefix);
      append(grown, insidesOf(grown, expansion, expanded, 0, 2));
      expect(grown.indexOf.get(`${prefix}/a/b`)).to.equal(grown.size - 2);
      expect(grown.indexOf.get(`${prefix}/a`)).to.equal(undefined);
      [prefix, expansion] = [`${prefix}/x/y`, grown.size - 1];
      expect(grown.indexOf.get(prefix)).to.equal(expansion);
      expect(grown.depthOf(expansion)).to.equal(depth);
      expect([...grown.growth!.expansions]).to.include(expansion);
    }
    expect(grown.recipe(expansion).steps[0]!.sources).to.deep.equal([
      { from: 'function', index: expansion - 1, id: grown.ids[expansion - 1] },
    ]);
  });

  it('shifts what functions say of themselves, and what maps and conditions look at', () => {
    const inner = dynamic('s')
      .add({ id: 'a', code: code('a'), maxRetries: 7 })
      .map({ id: 'm', over: 'a', code: code('m'), concurrency: 2, when: { id: 'a', is: 'yes' }, optional: true });
    const grown = growing(
      dynamic('d')
        .add({ id: 'z', code: code('z') })
        .expand({ id: 'e', code: code('e'), maxRetries: 1 }),
    );
    append(grown, insidesOf(grown, 1, new ExpandedDag(compile(inner), 'e'), 0, 2));
    expect(grown.retries.get(1)).to.include({ maxRetries: 1 });
    expect(grown.retries.get(2)).to.include({ maxRetries: 7 });
    expect([...grown.growth!.maps]).to.deep.equal([[3, { over: 2, concurrency: 2, isPipelined: false }]]);
    expect([...grown.growth!.whens]).to.deep.equal([[3, { on: 2, test: { is: 'yes' } }]]);
    expect([...grown.growth!.gists]).to.deep.equal([[2, 3]]);
    expect([...grown.growth!.splits]).to.deep.equal([2]);
    expect([...grown.growth!.optionals]).to.deep.equal([3]);
    append(grown, elementsOf(grown, 3, 0, 2, 2));
    expect(grown.indexOf.get('e/m[1]')).to.equal(5);
    expect([...grown.indexOf.keys()]).to.deep.equal(['z', 'e', 'e/a', 'e/m', 'e/m[0]', 'e/m[1]']);
  });

  it('leaves the plan of the DAG as it was, for other runs', () => {
    const plan = compile(piped());
    const facts = (one: Plan): unknown => structuredClone([one.ids, one.args, one.argsStart, one.producers, one.dependents, one.growth]);
    const before = facts(plan);
    for (const count of [1, 50]) {
      const grown = doAtOnce(growingPlanOf(plan));
      append(grown, elementsOf(grown, 1, 0, count, count));
      append(grown, elementsOf(grown, 2, 0, count, count));
      expect(grown.size).to.equal(3 + 2 * count);
    }
    expect(facts(plan)).to.deep.equal(before);
  });
});

/** A map over a map. */
const piped = (): DynamicDag =>
  dynamic('d')
    .input('i')
    .add({ id: 'b', code: code('b') })
    .map({ id: 'm', over: 'i', code: code('m') })
    .map({ id: 'n', over: 'm', code: code('n'), args: ['b'] });
