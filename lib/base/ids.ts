import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** One execution of a DAG. A UUID v7: sorts by the time it was made; nothing else may be read out of it. */
export type RunId = Branded<'run'>;

const ID_BYTES = 16;
/** Random bytes for 256 ids: asking the system for each takes a twentieth of what a run of three functions does. */
const pool = new Uint8Array(256 * ID_BYTES);
let used = pool.length;

function random(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.slice(used - ID_BYTES, used);
}

/** Tells apart, and sorts, what is made within a millisecond. */
let sequence = 0;

function make(): string {
  sequence = (sequence + 1) & 0x7fffffff;
  return v7({ rng: random, seq: sequence });
}

let next = make;

/** Where ids come from, from now on: for simulations, in which the seed fixes them. Returns a function that ends that. */
export function replaceIds(source: () => string): () => void {
  next = source;
  return () => {
    next = make;
  };
}

/** A fresh run id. */
export const newRunId = (): RunId => next() as RunId;

/** A fresh DAG id, for `new Dag()` without one. */
export const newDagId = (): string => next();

/** A fresh name for something within a process that must not be mistaken for another. */
export const newId = (): string => next();
