import { HandoffError } from '../../../lib/index.js';
import { type DashboardSource, type ViewRequest, viewOf } from '../../../lib/observe/index.js';
import type { DrawnRun } from './drawn-run.js';

/** A dashboard's source that has one run, and counts what is asked of it. */
export class DrawnSource implements DashboardSource {
  run: DrawnRun;
  readonly asked: ViewRequest[] = [];

  constructor(run: DrawnRun) {
    this.run = run;
  }

  async status(): Promise<object> {
    return { nodes: [], runs: [], waiting: [], moreWaiting: 0 };
  }

  async allRuns(): Promise<readonly object[]> {
    const { runId, dagId, driver, state, progress, startedAtMs } = this.run;
    return [{ runId, dagId, driver, state, progress, startedAtMs }];
  }

  async view(runId: string, request: ViewRequest): Promise<object> {
    if (runId !== this.run.runId) throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot find run "${runId}"`, { runId });
    this.asked.push(request);
    return viewOf(this.run, request);
  }

  async cancel(): Promise<void> {}
}
