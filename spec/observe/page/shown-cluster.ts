import { HandoffError } from '../../../lib/index.js';
import {
  type ClusterStatus,
  type DashboardSource,
  type DrivenRun,
  type NodeUse,
  type ViewRequest,
  viewOf,
  type WaitingFunction,
} from '../../../lib/observe/index.js';
import type { RunSummary } from '../../../lib/runner/index.js';
import { NO_VALUES } from '../../support/no-values.js';
import type { FakeRun } from '../../support/observed-run.js';

/** A node as a page shows it; what is not given is that of a node that rests. */
export function shownNode(name: string, given: Partial<NodeUse> & { linkMs?: number; values?: object } = {}): NodeUse {
  return {
    name,
    address: `ws://${name}.example:7321`,
    status: 'up',
    isHeard: true,
    capabilities: { cpu: 4, memoryMiB: 8192 },
    used: { cpu: 0, memoryMiB: 0 },
    threads: { used: 0, total: 4 },
    loopPlaces: { used: 0, total: 16 },
    ownSlots: {},
    running: 0,
    queued: 0,
    blocked: 0,
    heldBytes: 0,
    held: NO_VALUES,
    values: { ...NO_VALUES, memoryBytes: given.heldBytes ?? 0, memoryLimitBytes: 2 ** 33 },
    log: 'ok',
    ...given,
  };
}

/** A cluster that pages are shown of: its runs are fakes, which a spec changes as it likes. */
export class ShownCluster implements DashboardSource {
  nodes: NodeUse[] = [];
  waiting: WaitingFunction[] = [];
  moreWaiting = 0;
  readonly runs = new Map<string, FakeRun>();
  /** Runs whose driver is gone. */
  readonly lost = new Set<string>();
  readonly cancelled: string[] = [];
  /** What cancelling a run does. */
  onCancel: (runId: string) => void = () => {};

  /** Adds a run under ids of its own. */
  add(run: FakeRun, names: { readonly runId: string; readonly dagId?: string; readonly key?: string; readonly driver?: string }): FakeRun {
    Object.assign(run, names);
    this.runs.set(names.runId, run);
    return run;
  }

  async status(): Promise<ClusterStatus> {
    const { nodes, waiting, moreWaiting } = this;
    const runs = [...this.runs.values()].filter(({ state }) => state === 'running');
    return {
      nodes,
      waiting,
      moreWaiting,
      runs: runs.map(({ runId, dagId, driver, progress }): DrivenRun => ({ runId, dagId, driver, progress: { ...progress } })),
    };
  }

  async allRuns(): Promise<readonly RunSummary[]> {
    return [...this.runs.values()].map(({ runId, dagId, key, driver, state, progress, startedAtMs, elapsedMs }) => ({
      runId,
      dagId,
      ...(key !== undefined && { key }),
      driver,
      state,
      progress,
      startedAtMs,
      ...(state !== 'running' && { endedAtMs: startedAtMs + elapsedMs }),
    }));
  }

  async view(runId: string, request: ViewRequest): Promise<object> {
    if (this.lost.has(runId)) throw new HandoffError('HANDOFF_NODE_LOST', `Cannot ask the driver of run "${runId}": it is gone`, { runId });
    const run = this.runs.get(runId);
    if (!run) throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot find run "${runId}"`, { runId });
    return viewOf(run, request);
  }

  async cancel(runId: string): Promise<void> {
    if (!this.runs.has(runId)) throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot find run "${runId}"`, { runId });
    this.cancelled.push(runId);
    this.onCancel(runId);
  }
}
