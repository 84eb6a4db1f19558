import { type Clock, onAbort } from '../../base/index.js';
import type { OpenRun } from './open-run.js';
import { cancelled, timedOut } from './run-endings.js';

/** Ends a run when its time is over, counted from when it was requested, or when its signal aborts. */
export function watchLimits(open: OpenRun, requestedMs: number, clock: Clock): void {
  const { run, options } = open;
  const { timeoutMs, signal, stopGraceMs } = options;
  if (timeoutMs !== undefined) {
    const leftMs = Math.max(0, timeoutMs - (clock.now() - requestedMs));
    open.timeout = clock.after(leftMs, () => run.end(timedOut(run, timeoutMs), stopGraceMs));
  }
  if (!signal) return;
  open.stopListening = onAbort(signal, () => run.end(cancelled(run, run.runId, signal.reason), stopGraceMs));
}
