import type { Capabilities } from '../../allocator/index.js';
import { type LogState, slotOfResource, slotResource, withoutSlots } from '../../base/index.js';
import { slotOf } from '../../executor/index.js';
import type { GuestRuns } from '../../guests/index.js';
import type { Membership, NodeStatus, Resources } from '../../nodes/index.js';
import type { Runs } from '../../runner/index.js';

/** The number of slots, and how many of them are in use. */
interface Places {
  readonly used: number;
  readonly total: number;
}

/** What a member has, and how much of it is in use. */
export interface NodeUse {
  readonly name: string;
  /** The member's URL; `undefined` if it does not listen. */
  readonly address: string | undefined;
  /** `'suspect'`: silent for half of the heartbeat's time-out. `'leaving'`: accepts no more work. */
  readonly status: NodeStatus;
  /** Whether the member has reported its state. If not, the numbers are zero. */
  readonly isHeard: boolean;
  /** What it has, exactly as registered. */
  readonly capabilities: Capabilities;
  /** What running functions hold, of all drivers. */
  readonly used: Capabilities;
  /** Slots for functions in threads and child processes. */
  readonly threads: Places;
  /** Slots for functions on its event loop. */
  readonly loopPlaces: Places;
  /** Slots of isolations of your own, by the name of the isolation. */
  readonly ownSlots: Readonly<Record<string, Places>>;
  /** The number of attempts in progress, of all drivers. */
  readonly running: number;
  /** The number of other drivers' attempts that wait there for room. */
  readonly queued: number;
  /**
   * The number of attempts that were given up (time-out, cancel) while their code goes on, mostly in a thread that is blocked in a system
   * call. They hold their claim and thread until it is over.
   */
  readonly blocked: number;
  /** The total size of the values kept there, bytes. */
  readonly heldBytes: number;
  /** `'lost'` while its log lines cannot be written: a full disk, a reader that is gone or does not read, a `logger` that throws. */
  readonly log: LogState;
}

/** A run in progress. */
export interface DrivenRun {
  readonly runId: string;
  readonly dagId: string;
  /** The name of the node that drives it. */
  readonly driver: string;
  /** How many functions are in each state, as in `Run.progress`. */
  readonly progress: Readonly<Record<string, number>>;
  /** The function that started the run, and the id of its run; missing if no function did. */
  readonly parent?: { readonly runId: string; readonly functionId: string };
}

/** A function that could run now if there were room. */
export interface WaitingFunction {
  readonly functionId: string;
  readonly dagId: string;
  /** The name of the node that drives its run. */
  readonly driver: string;
  /** The node where it waits; `undefined` if it waits at its driver until any node has room. */
  readonly node: string | undefined;
  /** How much of each resource is missing; `thread` and `loop` count slots. */
  readonly lacking: Capabilities;
}

/** The status of a cluster. */
export interface ClusterStatus {
  /** The members that answered within a second, the asked one first. */
  readonly nodes: readonly NodeUse[];
  /** The runs in progress, of all drivers. */
  readonly runs: readonly DrivenRun[];
  /** Waiting functions: at most the first hundred of each run. */
  readonly waiting: readonly WaitingFunction[];
  /** How many more functions wait. */
  readonly moreWaiting: number;
}

/** A `ClusterStatus` on the wire, where names are never keys. */
export interface WireStatus {
  readonly node: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string | null;
    readonly status: NodeStatus;
    /** `null` for a member that has not reported yet. */
    readonly content: {
      readonly capabilities: Resources;
      readonly used: Resources;
      readonly running: number;
      readonly queued: number;
      readonly blocked: number;
      readonly heldBytes: number;
      readonly log: LogState;
    } | null;
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
    const { capabilities, used, running, queued, blocked, heldBytes, log } = content;
    return {
      name,
      address: address ?? null,
      status,
      content: { capabilities, used, running, queued, blocked, heldBytes, log },
    };
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
 * is not listed at its driver.
 */
export function mergedStatus(own: WireStatus, others: readonly (readonly [string, WireStatus])[]): WireStatus {
  const all = new Map<string, WireStatus>([[own.node, own], ...others.filter(([teller]) => teller !== own.node)]);
  const nodes = own.nodes.map((entry) => {
    const told = all.get(entry.name)?.nodes.find(({ name }) => name === entry.name);
    return told?.content ? told : entry;
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

/** Returns a status from the wire in its public form. */
export function openStatus({ nodes, runs, waiting, moreWaiting }: WireStatus): ClusterStatus {
  return {
    nodes: nodes.map(({ name, address, status, content }): NodeUse => {
      return {
        name,
        address: address ?? undefined,
        status,
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
        log: content?.log ?? 'ok',
      };
    }),
    runs: runs.map(({ progress, parent, ...run }) => ({ ...run, progress: Object.fromEntries(progress), ...(parent && { parent }) })),
    waiting: waiting.map(({ node, lacking, ...one }) => ({ ...one, node: node ?? undefined, lacking: Object.fromEntries(lacking) })),
    moreWaiting,
  };
}
