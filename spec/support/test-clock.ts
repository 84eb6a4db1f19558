import type { Clock } from '../../lib/base/index.js';

/** A clock that stands still until a spec moves it. */
export interface TestClock extends Clock {
  /**
   * Moves time forward by `ms`, firing what falls due in order of time, then of setting; also what is set meanwhile. Synchronous: promises
   * and actors react after it returns (see `settled`).
   */
  advance(ms: number): void;
  /** How many timers are set and neither fired nor cancelled. */
  readonly pending: number;
}

/** A virtual clock: `now` starts at 0, `wallNow` at 2026-01-01, and nothing moves either but `advance`. Any finite delay is honoured. */
export function testClock(): TestClock {
  const startOfWallTimeMs = Date.UTC(2026, 0, 1);
  let nowMs = 0;
  let count = 0;
  const timers = new Map<number, { readonly atMs: number; readonly action: () => void }>();

  const nextDue = (untilMs: number): number | undefined => {
    let due: number | undefined;
    for (const [id, { atMs }] of timers) if (atMs <= untilMs && (due === undefined || atMs < timers.get(due)!.atMs)) due = id;
    return due;
  };

  return {
    now: () => nowMs,
    wallNow: () => startOfWallTimeMs + nowMs,
    after(delayMs, action) {
      const id = count++;
      timers.set(id, { atMs: nowMs + Math.max(0, delayMs), action });
      return { cancel: () => void timers.delete(id) };
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const { atMs, action } = timers.get(id)!;
        timers.delete(id);
        nowMs = atMs;
        action();
      }
      nowMs = untilMs;
    },
    get pending() {
      return timers.size;
    },
  };
}

/**
 * Resolves when everything that was set going has come to rest: `turns` turns of the event loop. nact handles one message per turn, so a
 * chain of `n` messages needs `n`. Waits for no timer and for no time.
 */
export async function settled(turns = 40): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
