// PROVISIONAL
import type { AnyFunction } from '../../dag/index.js';
import { Held } from '../../value/index.js';
import { runAs } from '../current-function.js';
import type { Isolation, IsolationOptions } from '../isolation.js';
const loop = (name: string) => (o: IsolationOptions): Isolation => ({ name, async close() {}, start(call, settle) {
  let over = false;
  const t0 = performance.now();
  const done = (outcome: Parameters<typeof settle>[0]): void => { if (!over) { over = true; settle(outcome); } };
  const ok = (v: unknown): void => done({ type: 'succeeded', values: [Held.live(v, 8)], tookMs: performance.now() - t0 });
  const bad = (error: unknown): void => done({ type: 'failed', error, final: false });
  const step = call.steps[0]!;
  const go = (fn: AnyFunction): void => { try {
    const args = step.inputs.map((h) => (h as Held).open(o.freeze));
    const all = (step.asList ? [args] : args).concat((step.extra?.open(false) as unknown[]) ?? []);
    const v = runAs(call.context, () => (fn as (...a: unknown[]) => unknown)(...all));
    if (typeof v === 'object' && v !== null && 'then' in v) Promise.resolve(v).then(ok, bad); else ok(v);
  } catch (e) { bad(e); } };
  const { code } = step;
  if (typeof code === 'function') go(code); else import(code.module).then((m) => go((m as Record<string, AnyFunction>)[code.name]!), bad);
  return { stop: () => done({ type: 'stopped' }) };
} });
export const isolations: ReadonlyMap<string, (options: IsolationOptions) => Isolation> = new Map([['loop', loop('loop')], ['thread', loop('thread')]]);
