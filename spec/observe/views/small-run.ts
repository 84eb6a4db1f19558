import { FakeRun } from '../../support/observed-run.js';

/** No function in any state. */
export const noCounts = { waiting: 0, ready: 0, running: 0, resting: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
/** Phases that take no time. */
export const noPhases = { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0 };

/** A run of three stages: `read`, then `cut-1` and `cut-2`, then `join`, which fails. */
export function smallRun(): FakeRun {
  const run = new FakeRun().add({ id: 'read' });
  for (const id of ['cut-1', 'cut-2']) run.add({ id, producers: ['read'] });
  run.add({ id: 'join', producers: ['cut-1', 'cut-2'] });
  run.ended({ id: 'read', runMs: 10, endMs: 11, handOverMs: 1 }).change('read', { sizeBytes: 100 });
  run.ended({ id: 'cut-1', node: 'node-2', runMs: 5, fetchMs: 2, waitMs: 1, endMs: 19 }).change('cut-1', { sizeBytes: 10 });
  run.ended({ id: 'cut-2', slot: 1, runMs: 20, endMs: 31 }).change('cut-2', { sizeBytes: 20 });
  run.ended({ id: 'join', outcome: 'failed', runMs: 1, fetchMs: 1, endMs: 40 });
  run.change('join', { state: 'failed', error: { name: 'Error', message: 'no' } });
  return run;
}
