import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { Timer } from '../../base/index.js';
import type { Scheduler } from './scheduler.js';

type Callback = (...given: never[]) => void;

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

/** Whether the code that runs is of the simulation. */
const inside = new AsyncLocalStorage<true>();

/** Runs the simulation: what comes of it, at whatever time, has the timers of the simulation. */
export const insideSimulation = <T>(work: () => T): T => inside.run(true, work);

/**
 * Replaces time and chance of this process by those of the simulation: for nact, which looks its timers up when it calls them, and for
 * users' functions. Functions that a library saved before, `new Date()`, files and sockets are not affected. Timers of code that does not
 * come of the simulation, as of what ran in this process before, stay the system's. Returns a function that undoes it.
 */
export function virtualGlobals({ clock, defer }: Pick<Scheduler, 'clock' | 'defer'>, random: () => number): () => void {
  const set = (action: Callback, delayMs: unknown, given: readonly unknown[]): VirtualTimer =>
    new VirtualTimer(clock.after(Math.max(1, Number(delayMs) || 0), () => action(...(given as never[]))));
  const real = { ...timersOf(globalThis), sleep: timersPromises.setTimeout, timeout: AbortSignal.timeout };
  const isOutside = (): boolean => inside.getStore() === undefined;
  const setTimeout = (action: Callback, delayMs?: unknown, ...given: unknown[]): unknown =>
    isOutside() ? real.after(action, delayMs as number, ...(given as never[])) : set(action, delayMs, given);
  const setInterval = (action: Callback, delayMs?: unknown, ...given: unknown[]): unknown => {
    if (isOutside()) return real.every(action, delayMs as number, ...(given as never[]));
    const again = (): void => {
      virtual.timer = set(again as Callback, delayMs, []).timer;
      action(...(given as never[]));
    };
    const virtual = set(again as Callback, delayMs, []);
    return virtual;
  };
  const setImmediate = (action: Callback, ...given: unknown[]): unknown =>
    isOutside() ? real.setImmediate(action, ...(given as never[])) : new VirtualTimer(defer(() => action(...(given as never[]))));
  const sleep = (delayMs?: number, value?: unknown): Promise<unknown> =>
    isOutside() ? real.sleep(delayMs, value) : new Promise((resolve) => void set(() => resolve(value), delayMs, []));
  const timeout = (delayMs: number): AbortSignal => {
    if (isOutside()) return real.timeout.call(AbortSignal, delayMs);
    const controller = new AbortController();
    set(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delayMs, []);
    return controller.signal;
  };
  const clears =
    (clear: (given: never) => void) =>
    (given: unknown): void => {
      if (given instanceof VirtualTimer) given.timer.cancel();
      else clear(given as never);
    };
  const clearing = {
    clearTimeout: clears(real.clearTimeout),
    clearInterval: clears(real.clearInterval),
    clearImmediate: clears(real.clearImmediate),
  };
  const restore = [
    replace(globalThis, { setTimeout, setInterval, setImmediate, ...clearing }),
    replace(Math, { random }),
    replace(Date, { now: clock.wallNow }),
    replace(performance, { now: clock.now }),
    replace(AbortSignal, { timeout }),
    replace(timersPromises, { setTimeout: sleep, setImmediate: (value?: unknown) => sleep(0, value) }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}

const timersOf = ({
  setTimeout: after,
  setInterval: every,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
}: typeof globalThis) => ({
  after,
  every,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
});

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
