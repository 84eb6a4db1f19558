import { hash } from 'node:crypto';

/**
 * The key under which a function may ask another system to do something once: the same over attempts, resumptions and recomputations of a
 * function of a run, for as long as it is what it is, and of no other. 43 characters that may stand in a header, a URL and a file name.
 */
export function idempotencyKey({ runId, functionId, since, index = -1 }: KeyedFunction): string {
  const text = JSON.stringify([runId, since, index, functionId]);
  return hash('sha256', text, 'base64url');
}

/** Whose key it is. */
export interface KeyedFunction {
  readonly runId: string;
  /** Of an inline function, that of its consumer. */
  readonly functionId: string;
  /** In which opening of the run the function became what it is, as the record of the plan says. */
  readonly since: number;
  /** The place of the element in a map; of each the key is another. Default: it is no element. */
  readonly index?: number;
}
