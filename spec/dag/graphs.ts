import fc from 'fast-check';
import { arg, Dag, type DynamicDag } from '../../lib/dag/index.js';

/** What each function needs, by index. */
export type Edges = readonly (readonly number[])[];

/** Any graph of up to 12 functions; an acyclic one is not in topological order, unless by chance. */
export function randomGraph({ acyclic }: { readonly acyclic: boolean }): fc.Arbitrary<Edges> {
  return fc.integer({ min: 1, max: 12 }).chain((size) => {
    const order = fc.shuffledSubarray([...Array(size).keys()], { minLength: size });
    const needs = fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size });
    return fc
      .tuple(order, needs)
      .map(([rank, edges]) => (acyclic ? edges.map((list, i) => list.filter((n) => rank[n]! < rank[i]!)) : edges));
  });
}

/** What can be reached over one edge or more: a naive model. */
export function reachableFrom(edges: Edges, from: number): ReadonlySet<number> {
  const seen = new Set<number>();
  const visit = (i: number): void => {
    for (const next of edges[i]!) {
      if (seen.has(next)) continue;
      seen.add(next);
      visit(next);
    }
  };
  visit(from);
  return seen;
}

/** A DAG as plain facts; function i is `f${i}`, input k is `in${k}`. */
export interface Sketch {
  readonly edges: Edges;
  readonly inline: readonly boolean[];
  /** By function the inputs it takes. */
  readonly inputs: readonly (readonly number[])[];
  /** By function whether its arguments are passed through a serializer. */
  readonly serialized: readonly boolean[];
}
export const INPUTS = 3;

export const sketches: fc.Arbitrary<Sketch> = randomGraph({ acyclic: true }).chain((edges) => {
  const each = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: edges.length, maxLength: edges.length });
  const inputs = each(fc.array(fc.nat(INPUTS - 1), { maxLength: 2 }));
  return fc.record({ edges: fc.constant(edges), inline: each(fc.boolean()), inputs, serialized: each(fc.boolean()) });
});

const shout = { module: './m.js', name: 'shout' };

/** The DAG of a sketch: each function takes its functions first, then its inputs. */
export function dagOf({ edges, inline, inputs, serialized }: Sketch): DynamicDag {
  const dag = Dag.dynamic('sketch');
  for (const [i, needs] of edges.entries()) {
    const ids = [...needs.map((n) => `f${n}`), ...inputs[i]!.map((k) => `in${k}`)];
    const args = serialized[i] ? ids.map((id) => arg(id, { serialize: shout })) : ids;
    dag.add({ id: `f${i}`, code: { module: './m.js', name: `f${i}` }, args, type: inline[i] ? 'inline' : 'regular' });
  }
  for (let k = 0; k < INPUTS; k++) dag.input(`in${k}`);
  return dag;
}
