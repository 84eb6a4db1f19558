// PROVISIONAL
import { AsyncLocalStorage } from 'node:async_hooks';
export interface FunctionContext {
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly attempt: number;
  readonly node: string;
  readonly signal: AbortSignal;
}
const als = new AsyncLocalStorage<FunctionContext>();
export function currentFunction(): FunctionContext {
  const c = als.getStore();
  if (!c) throw new TypeError('outside');
  return c;
}
export const runAs = <T>(c: object, f: () => T): T => als.run(c as FunctionContext, f);
