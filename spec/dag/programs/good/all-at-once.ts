import { arg, Dag, type DagJson, type DagLike, type DynamicDag, functionsIn } from 'handoff-dag';
import { holds, resultsOf, type Same } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');

const dag = Dag.of('forward', {
  report: { code: tasks.report, args: ['total', 'mean'] },
  total: { code: tasks.sum, args: ['xs'], cost: { cpu: 1 } },
  mean: { code: (xs: number[]) => xs.length, args: ['xs'] },
  xs: { code: tasks.load, extraArgs: ['xs.csv'] },
  list: { code: (xs: string[]) => xs.length, args: ['report'], argumentInclusion: 'as-list' },
  half: { code: (x: number) => x / 2, args: ['total'], type: 'inline' },
});
const all = () => resultsOf(dag);
holds<Same<ReturnType<typeof all>, { report: string; total: number; mean: number; xs: number[]; list: number }>>();
const sinks = () => resultsOf(dag, 'sinks');
holds<Same<ReturnType<typeof sinks>, { list: number }>>();

const edges = Dag.of('edges', {
  text: { code: (text: string) => text.length, args: [arg('xs', { serialize: tasks.packed })] },
  both: { code: tasks.sum, args: [arg('xs', { serialize: tasks.packed, deserialize: tasks.unpacked })] },
  plain: { code: tasks.sum, args: [arg('xs', {})] },
  xs: { code: tasks.load, extraArgs: ['xs.csv'] },
});
const edgesSinks = () => resultsOf(edges, 'sinks');
holds<Same<ReturnType<typeof edgesSinks>, { text: number; both: number; plain: number }>>();

const untyped = functionsIn('./elsewhere.js');
const mixed = Dag.of('mixed', {
  a: { code: untyped.a!, args: ['b', 'c'], extraArgs: [2] },
  b: { code: { module: './elsewhere.js', name: 'b' }, args: ['c'] },
  c: { code: () => 4 },
  d: { code: (a: unknown) => String(a), args: ['a'] },
});
const mixedResults = () => resultsOf(mixed);
holds<Same<ReturnType<typeof mixedResults>, { a: unknown; b: unknown; c: number; d: string }>>();

const dynamic: DynamicDag = Dag.dynamic();
for (const n of [1, 2, 3]) dynamic.input(`in${n}`).add({ id: `f${n}`, code: (x: number) => x, args: [`in${n}`] });
const json: DagJson = dynamic.toJSON();
const read: DynamicDag = Dag.fromJSON(JSON.parse(JSON.stringify(json))).validate();
const results = () => resultsOf(read);
holds<Same<ReturnType<typeof results>, { [x: string]: unknown }>>();

const anyDag: readonly DagLike[] = [dag, dynamic, new Dag(), new Dag('x').add({ id: 'a', code: () => 1 })];
for (const [id, spec] of dag.functions)
  console.log(id, spec.code, spec.args, dag.size, dag.id, anyDag.length, dag.toMermaid(), dag.toDot());
