import { transposed } from '../../lib/dag/graph/adjacency.js';
import type { PlanFragment, PlanGrowth, PlanShape } from '../../lib/dag/index.js';
import type { Edges } from './graphs.js';

/** The growth of a plan whose maps and expansions nobody asks about. */
export const growthOfNothing = (): PlanGrowth => ({
  whens: new Map(),
  maps: new Map(),
  expansions: new Set(),
  optionals: new Set(),
  gists: new Map(),
  splits: new Set(),
});

function rowsOf(lists: Edges): { readonly start: Int32Array; readonly items: Int32Array } {
  const start = new Int32Array(lists.length + 1);
  for (const [at, { length }] of lists.entries()) start[at + 1] = start[at]! + length;
  return { start, items: Int32Array.from(lists.flat()) };
}

/** The shape of a plan: function i is `f${i}`, and waits for the functions of its list. */
export function shapeOf(edges: Edges, growth?: PlanGrowth): PlanShape {
  const producers = rowsOf(edges);
  const dependents = transposed(producers, edges.length);
  return {
    dagId: 'd',
    size: edges.length,
    ids: edges.map((_, i) => `f${i}`),
    needsCount: Int32Array.from(edges, ({ length }) => length),
    dependentsStart: dependents.start,
    dependents: dependents.items,
    producersStart: producers.start,
    producers: producers.items,
    retries: new Map(),
    growth,
    added: undefined,
  };
}

/** Functions of a plan as parts of its first one. */
export function fragmentOf(from: number, edges: Edges, total = edges.length): PlanFragment {
  const { start, items } = rowsOf(edges);
  const ids = edges.map((_, k) => `f${from + k}`);
  return { by: 0, from, total, ids, producersStart: start, producers: items, retries: new Map(), growth: undefined };
}

/** A plan whose functions need functions before them, cut: its beginning, and the rest in fragments. */
export function cutAt(edges: Edges, cuts: readonly number[]): { readonly base: PlanShape; readonly fragments: readonly PlanFragment[] } {
  const size = edges.length;
  const places = [...new Set(cuts.map((cut) => 1 + (cut % size)).filter((cut) => cut < size))].sort((a, b) => a - b);
  const first = places[0] ?? size;
  const fragments = places.map((from, k) => fragmentOf(from, edges.slice(from, places[k + 1] ?? size), size - first));
  return { base: shapeOf(edges.slice(0, first), growthOfNothing()), fragments };
}
