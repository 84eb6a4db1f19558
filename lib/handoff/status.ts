import type { Membership, Resources } from '../nodes/index.js';
import type { GuestRuns, Runs } from '../runner/index.js';

/** A node as `handoff status` shows it. */
export interface NodeStatusEntry {
  readonly name: string;
  readonly address: string | null;
  readonly status: 'up' | 'suspect' | 'leaving';
  /** `null` for a member that has not been heard yet. */
  readonly content: {
    readonly capabilities: Resources;
    readonly used: Resources;
    readonly threads: readonly [number, number];
    readonly loopPlaces: readonly [number, number];
    readonly running: number;
    readonly queued: number;
    readonly heldBytes: number;
  } | null;
}

/** A function that waits, where, for whom, and for what. */
export interface WaitingEntry {
  /** The node that would have to make room; `null`: any. */
  readonly node: string | null;
  readonly driver: string;
  readonly dagId: string;
  readonly functionId: string;
  readonly lacking: Resources;
}

/** What a node answers to `show-status`: the members as it knows them, the runs that it drives, and what waits on it. */
export interface ClusterStatus {
  readonly node: string;
  readonly nodes: readonly NodeStatusEntry[];
  readonly runs: readonly {
    readonly runId: string;
    readonly dagId: string;
    readonly driver: string;
    readonly progress: readonly (readonly [string, number])[];
  }[];
  readonly waiting: readonly WaitingEntry[];
}

/** How the cluster looks from this node. */
export function statusOf(parts: { membership: Membership; runs: Runs; guests: GuestRuns }): ClusterStatus {
  const { membership, runs, guests } = parts;
  const node = membership.self.name;
  const nodes = membership.members.map(({ name, address, status }): NodeStatusEntry => {
    const content = membership.contentOf(name);
    if (!content) return { name, address: address ?? null, status, content: null };
    const { capabilities, used, threads, loopPlaces, running, queued, heldBytes } = content;
    return { name, address: address ?? null, status, content: { capabilities, used, threads, loopPlaces, running, queued, heldBytes } };
  });
  const own = runs
    .waiting()
    .map(
      ({ dagId, functionId, lacking }): WaitingEntry => ({ node: null, driver: node, dagId, functionId, lacking: Object.entries(lacking) }),
    );
  const guestsWaiting = guests
    .waiting()
    .map(({ driver, dagId, functionId, lacking }): WaitingEntry => ({ node, driver, dagId, functionId, lacking: Object.entries(lacking) }));
  const driven = runs.progress().map(({ runId, dagId, progress }) => ({ runId, dagId, driver: node, progress: Object.entries(progress) }));
  return { node, nodes, runs: driven, waiting: [...own, ...guestsWaiting] };
}
