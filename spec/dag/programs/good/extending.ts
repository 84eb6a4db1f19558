import { Dag, type } from 'handoff-dag';
import { holds, resultsOf, type Same } from '../support.js';

/** A part of a DAG that is added to any other that has what it needs. */
function withMean(dag: Dag<{ xs: number[] }>): Dag<{ xs: number[]; mean: number }, never, never, 'xs'> {
  return dag.add({ id: 'mean', code: (xs: number[]) => xs.length, args: ['xs'] });
}
const dag = withMean(new Dag().add({ id: 'xs', code: () => [1] })).add({ id: 'last', code: (mean: number) => [mean], args: ['mean'] });
const all = () => resultsOf(dag);
holds<Same<ReturnType<typeof all>, { xs: number[]; mean: number; last: number[] }>>();

// What is to be returned is no condition, and makes no result `undefined`.
export const whole: Dag<{ xs: number[]; mean: number }, never, never, 'xs'> = new Dag()
  .add({ id: 'xs', code: () => [1] })
  .add({ id: 'mean', code: (xs: number[]) => xs.length, args: ['xs'] });
export const later = async (): Promise<Dag<{ xs: number[]; ys: number[] }, never, never, 'xs'>> =>
  new Dag().add({ id: 'xs', code: () => [1] }).map({ id: 'ys', over: 'xs', code: (x: number) => x });

const inputs = new Dag().input('a', type<number>()).input<string>()('b').input('c');
inputs.add({ id: 'd', code: (a: number, b: string, c: unknown) => [a, b, c], args: ['a', 'b', 'c'] });

const either: 'a' | 'b' = Math.random() < 0.5 ? 'a' : 'b';
inputs.add({ id: 'd', code: (value: number | string) => value, args: [either] });
