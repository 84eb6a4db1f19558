import type { DagLike, ResultsOf } from 'handoff-dag';

/** Whether two types are the same, not only assignable. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles where the argument is `true`. */
export function holds<_ extends true>(): void {}
/** Flattens an intersection or a mapped type, so that `Same` can hold it against a literal. */
export type Flat<T> = { [K in keyof T]: T[K] };

/** What `execute` does with a DAG's types. */
export declare function resultsOf<
  V extends object,
  In extends string,
  Inl extends string,
  Used extends string,
  const Collect extends 'all' | 'sinks' | readonly string[] = 'all',
>(dag: DagLike<V, In, Inl, Used>, collect?: Collect): Flat<ResultsOf<V, In, Inl, Used, Collect>>;
