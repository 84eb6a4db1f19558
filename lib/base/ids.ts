import { v7 } from 'uuid';

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** One execution of a DAG. A UUID v7: sorts by the time it was made; nothing else may be read out of it. */
export type RunId = Branded<'run'>;

/** A fresh run id. */
export const newRunId = (): RunId => v7() as RunId;

/** A fresh DAG id, for `new Dag()` without one. */
export const newDagId = (): string => v7();

/** A fresh name for something within a process that must not be mistaken for another. */
export const newId = (): string => v7();
