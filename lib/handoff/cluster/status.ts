import { slotOfResource, slotResource, withoutSlots } from '../../base/index.js';
import { slotOf } from '../../executor/index.js';
import type { GuestRuns } from '../../guests/index.js';
import type { BeatContent, Membership, NodeStatus, Resources } from '../../nodes/index.js';
import type { ClusterStatus, HeldValues, NodeUse, Places, ValueUse } from '../../observe/index.js';
import type { Runs } from '../../runner/index.js';

/** What of a beat is in a status. */
type StatusContent = HeldContent & Pick<BeatContent, 'capabilities' | 'used' | 'running' | 'queued' | 'blocked' | 'log'>;

/** What of a beat tells of values. */
type HeldContent = Pick<
  BeatContent,
  'heldBytes' | 'memoryLimitBytes' | 'diskBytes' | 'rememberedBytes' | 'rememberedResults' | 'rememberedHits'
>;

/** A `ClusterStatus` on the wire, where names are never keys. */
export interface WireStatus {
  readonly node: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string | null;
    readonly status: NodeStatus;
    /** How long its answer took, ms. Absent if it has not been asked, or has not answered. */
    readonly linkMs?: number | null;
    /** `null` for a member that has not reported yet. */
    readonly content: StatusContent | null;
  }[];
  readonly runs: readonly {
    readonly runId: string;
    readonly dagId: string;
    readonly driver: string;
    readonly progress: Resources;
    readonly parent?: { readonly runId: string; readonly functionId: string } | null;
  }[];
  readonly waiting: readonly {
    readonly node: string | null;
    readonly driver: string;
    readonly dagId: string;
    readonly functionId: string;
    readonly lacking: Resources;
  }[];
  readonly moreWaiting: number;
}

type WireWaiting = WireStatus['waiting'][number];

/** Returns the status of this node: the members as it knows them, the runs that it drives, and the attempts that wait on it. */
export function statusOf(parts: { membership: Membership; runs: Runs; guests: GuestRuns }): WireStatus {
  const { membership, runs, guests } = parts;
  const node = membership.self.name;
  const nodes = membership.members.map(({ name, address, status }): WireStatus['nodes'][number] => {
    const content = membership.contentOf(name);
    if (!content) return { name, address: address ?? null, status, content: null };
    const { byDriver: _, limitBytes: _limit, isSpilling: _spilling, ...told } = content;
    return { name, address: address ?? null, status, content: told };
  });
  const driven = runs.inProgress().map(({ run: { runId, dagId, progress }, parent = null }) => {
    return { runId, dagId, driver: node, progress: Object.entries(progress), parent };
  });
  const own = runs.waiting().map(({ dagId, functionId, lacking }): WireWaiting => {
    return { node: null, driver: node, dagId, functionId, lacking: Object.entries(lacking) };
  });
  const forOthers = guests.waiting().map(({ driver, dagId, functionId, lacking }): WireWaiting => {
    return { node, driver, dagId, functionId, lacking: Object.entries(lacking) };
  });
  return { node, nodes, runs: driven, waiting: [...own, ...forOthers], moreWaiting: runs.moreWaiting };
}

/**
 * Merges the reports of several nodes. Each node is believed only about itself and the runs that it drives. A function that waits on a node
 * is not listed at its driver. `linkMs`: how long the answer of each took.
 */
export function mergedStatus(
  own: WireStatus,
  others: readonly (readonly [string, WireStatus])[],
  linkMs: ReadonlyMap<string, number> = new Map(),
): WireStatus {
  const all = new Map<string, WireStatus>([[own.node, own], ...others.filter(([teller]) => teller !== own.node)]);
  const nodes = own.nodes.map((entry) => {
    const told = all.get(entry.name)?.nodes.find(({ name }) => name === entry.name);
    return { ...(told?.content ? told : entry), ...(linkMs.has(entry.name) && { linkMs: linkMs.get(entry.name)! }) };
  });
  const waiting = new Map<string, WireWaiting>();
  const told = [...all].flatMap(([teller, one]) => one.waiting.filter(({ driver, node }) => (node ?? driver) === teller));
  for (const entry of told) {
    const key = JSON.stringify([entry.driver, entry.dagId, entry.functionId]);
    if (entry.node !== null || !waiting.has(key)) waiting.set(key, entry);
  }
  return {
    node: own.node,
    nodes,
    runs: [...all].flatMap(([teller, { runs }]) => runs.filter(({ driver }) => driver === teller)),
    waiting: [...waiting.values()],
    moreWaiting: [...all.values()].reduce((more, one) => more + one.moreWaiting, 0),
  };
}

/** Returns what a status of several nodes says of one of them. How many functions wait beyond the named ones is not told apart in it. */
export function partOfStatus({ nodes, runs, waiting }: WireStatus, name: string): WireStatus {
  return {
    node: name,
    // How long the node that has passed it on waited for it is nothing of the asking node's.
    nodes: nodes.filter((one) => one.name === name).map(({ linkMs: _, ...one }) => one),
    runs: runs.filter(({ driver }) => driver === name),
    waiting: waiting.filter(({ driver, node }) => (node ?? driver) === name),
    moreWaiting: 0,
  };
}

type WireContent = WireStatus['nodes'][number]['content'];

function placesIn(content: WireContent, slot: string): Places {
  const resource = slotResource(slot);
  const amountIn = (resources: Resources = []): number => resources.find(([name]) => name === resource)?.[1] ?? 0;
  return { used: amountIn(content?.used), total: amountIn(content?.capabilities) };
}

/** The slots that have a field of their own in a status. */
const THREADS = slotOf('thread');
const LOOP = slotOf('loop');

function ownSlotsIn(content: WireContent): Record<string, Places> {
  const slots = (content?.capabilities ?? []).map(([name]) => slotOfResource(name));
  const own = slots.filter((slot): slot is string => slot !== undefined && slot !== THREADS && slot !== LOOP);
  return Object.fromEntries(own.map((slot) => [slot, placesIn(content, slot)]));
}

/** What a member's values take in memory and on disk. */
export const heldValuesIn = (content: Pick<BeatContent, 'heldBytes' | 'diskBytes'> | null | undefined): HeldValues => ({
  memoryBytes: content?.heldBytes ?? 0,
  diskBytes: content?.diskBytes ?? 0,
});

const valuesIn = (content: HeldContent | null | undefined): ValueUse => ({
  ...heldValuesIn(content),
  memoryLimitBytes: content?.memoryLimitBytes ?? 0,
  rememberedBytes: content?.rememberedBytes ?? 0,
  rememberedResults: content?.rememberedResults ?? 0,
  rememberedHits: content?.rememberedHits ?? 0,
});

/** Returns a status from the wire in its public form. */
export function openStatus({ nodes, runs, waiting, moreWaiting }: WireStatus): ClusterStatus {
  return {
    nodes: nodes.map(({ name, address, status, content, linkMs }): NodeUse => {
      return {
        name,
        address: address ?? undefined,
        status,
        ...(typeof linkMs === 'number' && { linkMs }),
        isHeard: content !== null,
        capabilities: Object.fromEntries(withoutSlots(content?.capabilities ?? [])),
        used: Object.fromEntries(withoutSlots(content?.used ?? [])),
        threads: placesIn(content, THREADS),
        loopPlaces: placesIn(content, LOOP),
        ownSlots: ownSlotsIn(content),
        running: content?.running ?? 0,
        queued: content?.queued ?? 0,
        blocked: content?.blocked ?? 0,
        heldBytes: content?.heldBytes ?? 0,
        held: heldValuesIn(content),
        values: valuesIn(content),
        log: content?.log ?? 'ok',
      };
    }),
    runs: runs.map(({ progress, parent, ...run }) => ({ ...run, progress: Object.fromEntries(progress), ...(parent && { parent }) })),
    waiting: waiting.map(({ node, lacking, ...one }) => ({ ...one, node: node ?? undefined, lacking: Object.fromEntries(lacking) })),
    moreWaiting,
  };
}
