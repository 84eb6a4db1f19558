import { v7 } from 'uuid';

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** One execution of a DAG. A UUID v7: sorts by the time it was made; nothing else may be read out of it. */
export type RunId = Branded<'run'>;

let next: () => string = v7;

/** Where ids come from, from now on: for simulations, in which the seed fixes them. Answers how to end that. */
export function replaceIds(source: () => string): () => void {
  next = source;
  return () => {
    next = v7;
  };
}

/** A fresh run id. */
export const newRunId = (): RunId => next() as RunId;

/** A fresh DAG id, for `new Dag()` without one. */
export const newDagId = (): string => next();

/** A fresh name for something within a process that must not be mistaken for another. */
export const newId = (): string => next();
