import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** The id of one execution of a DAG. A UUID v7, so ids sort by the time they were made. Nothing else is encoded in it. */
export type RunId = Branded<'run'>;

const ID_BYTES = 16;
/** Random bytes for 256 ids. Asking the system for each id takes a twentieth of the time of a run of three functions. */
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

/** Distinguishes and sorts ids made within one millisecond. */
let sequence = 0;

function make(): string {
  sequence = (sequence + 1) & 0x7fffffff;
  return v7({ rng: random, seq: sequence });
}

let next = make;

/** Replaces the source of ids: in a simulation the seed fixes them. Returns a function that restores the real source. */
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

/** A fresh name for something that must be unique within the process. */
export const newId = (): string => next();
