import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Timer } from '../../base/index.js';
import type { Scheduler } from './scheduler.js';

type Callback = (...given: unknown[]) => unknown;

/** Replaces a `NodeJS.Timeout` or `Immediate`. */
class VirtualTimer {
  timer: Timer;

  constructor(timer: Timer) {
    this.timer = timer;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.timer.cancel();
  }
}

/** Set in code of the simulation, and in all that it starts. */
const inside = new AsyncLocalStorage<true>();

/** Runs the simulation: it, and all that it starts at whatever time, has the timers of the simulation. */
export const insideSimulation = <T>(work: () => T): T => inside.run(true, work);

/**
 * Replaces time and chance of this process by those of the simulation: for nact, which looks its timers up when it calls them, and for
 * users' functions. Functions that a library saved before, `new Date()`, files and sockets are not affected. Code that the simulation did
 * not start, such as what ran in this process before, keeps the timers of the system. Returns a function that undoes it.
 */
export function virtualGlobals({ clock, defer }: Pick<Scheduler, 'clock' | 'defer'>, random: () => number): () => void {
  const after = (action: Callback, delayMs?: unknown, ...given: readonly unknown[]): VirtualTimer =>
    new VirtualTimer(clock.after(Math.max(1, Number(delayMs) || 0), () => action(...given)));
  const every = (action: Callback, delayMs?: unknown, ...given: readonly unknown[]): VirtualTimer => {
    const again = (): void => {
      interval.timer = after(again, delayMs).timer;
      action(...given);
    };
    const interval = after(again, delayMs);
    return interval;
  };
  const soon = (action: Callback, ...given: readonly unknown[]): VirtualTimer => new VirtualTimer(defer(() => action(...given)));
  const sleep = (delayMs?: number, value?: unknown): Promise<unknown> =>
    new Promise((resolve) => void after(() => resolve(value), delayMs));
  const timeout = (delayMs: number): AbortSignal => {
    const controller = new AbortController();
    after(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delayMs);
    return controller.signal;
  };
  const { clearTimeout, clearInterval, clearImmediate } = globalThis;
  const restore = [
    replaceInside(globalThis, { setTimeout: after, setInterval: every, setImmediate: soon }),
    replaceInside(AbortSignal, { timeout }),
    replaceInside(timersPromises, { setTimeout: sleep, setImmediate: (value?: unknown) => sleep(0, value) }),
    replace(globalThis, {
      clearTimeout: cleared(clearTimeout),
      clearInterval: cleared(clearInterval),
      clearImmediate: cleared(clearImmediate),
    }),
    replace(Math, { random }),
    replace(Date, { now: clock.wallNow }),
    replace(performance, { now: clock.now }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}

/** Cancels a timer of the simulation; passes any other to `clear`. */
const cleared =
  (clear: (timer: never) => void) =>
  (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.timer.cancel();
    else clear(timer as never);
  };

/** Replaces methods for code of the simulation; other code still calls the present ones. */
function replaceInside(of: object, by: Readonly<Record<string, (...given: never[]) => unknown>>): () => void {
  const split = ([name, virtual]: [string, (...given: never[]) => unknown]): [string, Callback] => {
    const real = Reflect.get(of, name) as Callback;
    return [name, (...given) => Reflect.apply(inside.getStore() ? virtual : real, of, given)];
  };
  return replace(of, Object.fromEntries(Object.entries(by).map(split)));
}

function replace(of: object, by: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(by).map((name) => [name, Object.getOwnPropertyDescriptor(of, name)] as const);
  for (const [name, value] of Object.entries(by)) Object.defineProperty(of, name, { value, writable: true, configurable: true });
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(of, name, descriptor);
      else Reflect.deleteProperty(of, name);
    }
  };
}
