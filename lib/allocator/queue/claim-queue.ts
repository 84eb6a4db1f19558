import type { HandoffError } from '../../base/index.js';
import type { Claim } from '../capacity/capacity.js';
import type { Capabilities } from '../strategy.js';
import type { ClaimClass, ClaimQueueClient, PlacementNode } from './claim-class.js';
import { Eligibility, type Reserved } from './eligibility.js';
import { NodeList } from './node-list.js';
import { NodeViews } from './node-views.js';
import { ReadyQueue } from './ready-queue.js';
import { impossible, strategyFailed } from './refusals.js';

/** From then on a claim that waits is not overtaken by a smaller one that needs the same resource. */
export const OVERTAKING_ENDS_MS = 1000;

/** What came of asking. */
export type PlacementAnswer =
  | {
      readonly type: 'granted';
      readonly runId: string;
      readonly index: number;
      readonly node: string;
      readonly claim: ClaimClass;
      /** Whether it may wait on that node, if there is no room after all: no other could hold it, or it has waited long enough here. */
      readonly mayQueue: boolean;
    }
  | { readonly type: 'refused'; readonly runId: string; readonly index: number; readonly error: HandoffError };

interface KindQueue {
  readonly demand: Demand;
  readonly kind: ClaimClass;
  readonly ready: ReadyQueue;
  /** Of the nodes that may hold the kind and could if they were idle; looked up anew when registrations or groups have changed. */
  prospects: Eligibility;
  views: NodeViews;
  version: number;
  /** Since when its first function has found no room. */
  waitingSinceMs: number | undefined;
}

interface Demand {
  readonly asker: ClaimQueueClient;
  readonly kinds: Map<ClaimClass, KindQueue>;
  held: number;
}

/**
 * Which ready function goes next, and where: the brain of the allocator. Serves runs round-robin; within a run the order is the run's. A
 * claim that finds no room is overtaken by others for at most a second, then nothing that needs one of its resources passes it.
 */
export class ClaimQueue {
  #roster: NodeList;
  readonly #demands = new Map<string, Demand>();
  #ring: Demand[] = [];
  #next = 0;
  readonly #waiting = new Set<KindQueue>();
  #version = 0;

  /** The first member is the driver's own node, the others follow by name. */
  constructor(members: readonly PlacementNode[]) {
    this.#roster = new NodeList(members);
  }

  addRun(asker: ClaimQueueClient): void {
    const demand: Demand = { asker, kinds: new Map(), held: 0 };
    this.#demands.set(asker.runId, demand);
    this.#ring.push(demand);
  }

  /** Forgets what a run asks for. The run itself gives back what it holds. */
  removeRun(runId: string): void {
    const demand = this.#demands.get(runId);
    if (!demand) return;
    for (const queue of demand.kinds.values()) this.#waiting.delete(queue);
    this.#demands.delete(runId);
    // The turn stays where it is. Otherwise the runs at the head would be served again and again when runs come and go.
    const at = this.#ring.indexOf(demand);
    this.#ring = this.#ring.filter((other) => other !== demand);
    if (at < this.#next) this.#next -= 1;
    if (this.#next >= this.#ring.length) this.#next = 0;
  }

  request(runId: string, index: number, kind: ClaimClass): void {
    const demand = this.#demands.get(runId)!;
    let queue = demand.kinds.get(kind);
    if (!queue) {
      const prospects = this.#prospectsOf(kind);
      const { asker } = demand;
      const views = new NodeViews(asker, prospects);
      const ready = new ReadyQueue((a, b) => asker.compare(a, b));
      queue = { demand, kind, ready, prospects, views, version: this.#version, waitingSinceMs: undefined };
      demand.kinds.set(kind, queue);
    }
    queue.ready.push(index);
  }

  /** Other members, in the same order as the constructor takes them; or the same, after the capabilities of one have changed. */
  changed(members: readonly PlacementNode[] = this.#roster.members): void {
    this.#roster.close();
    this.#roster = new NodeList(members);
    this.#version += 1;
  }

  /** Takes back what was asked for and has not been answered. */
  withdraw(runId: string, index: number, kind: ClaimClass): void {
    const queue = this.#demands.get(runId)?.kinds.get(kind);
    if (!queue) return;
    queue.ready.remove(index);
    if (queue.ready.length === 0) this.#atRest(queue);
  }

  /** `isLent`: the room has it already. */
  free(runId: string, node: string, claim: Claim, isLent = false): void {
    if (!isLent) this.#member(node)?.capacity.free(claim);
    const demand = this.#demands.get(runId);
    if (demand) demand.held -= 1;
  }

  /** What `kind` waits for on the first node that could hold it. */
  shortOf(kind: ClaimClass): Capabilities {
    return this.#roster.members.find(this.#couldBeHeld(kind))?.capacity.shortOf(kind) ?? kind.costs;
  }

  /** Grants whatever can be granted now. Every grant is taken in the ledger or picture before it is answered. */
  grantAll(nowMs: number): readonly PlacementAnswer[] {
    const answers: PlacementAnswer[] = [];
    if (this.#ring.length === 0) return answers;
    const declined = new Set<KindQueue>();
    const reserved = this.#waiting.size > 0 ? this.#serveSeniors(nowMs, declined, answers) : undefined;
    for (let fruitless = 0; fruitless < this.#ring.length; ) {
      const demand = this.#ring[this.#next]!;
      this.#next = (this.#next + 1) % this.#ring.length;
      if (this.#serve(demand, nowMs, reserved, declined, answers)) fruitless = 0;
      else fruitless += 1;
    }
    return answers;
  }

  /** The error of a kind that no member could ever hold, or `undefined`. */
  impossible(kind: ClaimClass, functionId: string): HandoffError | undefined {
    return this.#roster.members.some(this.#couldBeHeld(kind)) ? undefined : impossible(kind, functionId, this.#roster.members);
  }

  /** The members that could ever hold a kind. */
  ableNodes(kind: ClaimClass): readonly string[] {
    return this.#roster.members.filter(this.#couldBeHeld(kind)).map(({ name }) => name);
  }

  /**
   * Those who have waited long go first, the longest first. Where one still finds no room, the node that is nearest to having it keeps what
   * it lacks from everybody else; if others than this driver fill that node, it goes there and waits at the authority.
   */
  #serveSeniors(nowMs: number, declined: Set<KindQueue>, answers: PlacementAnswer[]): Reserved | undefined {
    const seniors = [...this.#waiting].filter((queue) => nowMs - queue.waitingSinceMs! >= OVERTAKING_ENDS_MS);
    if (seniors.length === 0) return undefined;
    const reserved = new Map<PlacementNode, Set<string>>();
    for (const queue of seniors.sort((a, b) => a.waitingSinceMs! - b.waitingSinceMs!)) {
      if (queue.demand.held >= queue.demand.asker.maxConcurrency) continue;
      const prospects = this.#prospects(queue);
      if (prospects.withRoom(reserved) >= 0 && this.#grant(queue, reserved, declined, answers)) continue;
      const nearest = prospects.nearest;
      if (!nearest) continue;
      if (nearest.capacity.mayWait(queue.kind)) {
        this.#take(queue, nearest, true, answers);
        continue;
      }
      const names = reserved.get(nearest) ?? new Set();
      reserved.set(nearest, names);
      for (const name of queue.kind.cost.keys()) names.add(name);
    }
    return reserved;
  }

  /** Gives the run one more claim, the first in its order that has room. */
  #serve(demand: Demand, nowMs: number, reserved: Reserved | undefined, declined: Set<KindQueue>, answers: PlacementAnswer[]): boolean {
    if (demand.held >= demand.asker.maxConcurrency) return false;
    for (;;) {
      let best: KindQueue | undefined;
      for (const queue of demand.kinds.values()) {
        if (queue.ready.length === 0 || declined.has(queue)) continue;
        if (this.#prospects(queue).withRoom(reserved) < 0) this.#waits(queue, nowMs);
        else if (!best || demand.asker.compare(queue.ready.peek(), best.ready.peek()) < 0) best = queue;
      }
      if (!best) return this.#goOn(demand, reserved, answers);
      if (this.#grant(best, reserved, declined, answers)) return true;
    }
  }

  /**
   * No node has room. If other drivers fill one, the first function is queued there. If only stored values fill it and nothing of this run
   * can free memory, one function is let through.
   */
  #goOn(demand: Demand, reserved: Reserved | undefined, answers: PlacementAnswer[]): boolean {
    if (this.#takeFirst(demand, (prospects) => prospects.nearestToWait, true, answers)) return true;
    return demand.held === 0 && this.#takeFirst(demand, (prospects) => prospects.withRoomButMemory(reserved), false, answers);
  }

  /** Takes the first function in the run's order for which `placeFor` knows a place. */
  #takeFirst(
    demand: Demand,
    placeFor: (prospects: Eligibility) => PlacementNode | undefined,
    mayQueue: boolean,
    answers: PlacementAnswer[],
  ): boolean {
    let first: KindQueue | undefined;
    let at: PlacementNode | undefined;
    for (const queue of demand.kinds.values()) {
      if (queue.ready.length === 0 || (first && demand.asker.compare(queue.ready.peek(), first.ready.peek()) > 0)) continue;
      const there = placeFor(this.#prospects(queue));
      if (there) [first, at] = [queue, there];
    }
    if (first && at) this.#take(first, at, mayQueue, answers);
    return first !== undefined;
  }

  /** Slots are all alike: only a lack of resources makes a claim age. */
  #waits(queue: KindQueue, nowMs: number): void {
    if (queue.waitingSinceMs !== undefined || this.#prospects(queue).haveResources) return;
    queue.waitingSinceMs = nowMs;
    this.#waiting.add(queue);
  }

  /**
   * Takes the first function off the queue and returns its answer. Returns false when the strategy would rather wait, or chose a node
   * without room.
   */
  #grant(queue: KindQueue, reserved: Reserved | undefined, declined: Set<KindQueue>, answers: PlacementAnswer[]): boolean {
    const { ready, demand } = queue;
    const { asker } = demand;
    const index = ready.peek();
    let at: number;
    try {
      at = this.#place(queue, index, reserved);
    } catch (error) {
      ready.pop();
      answers.push({ type: 'refused', runId: asker.runId, index, error: strategyFailed(asker, index, error) });
      return true;
    }
    const prospects = this.#prospects(queue);
    if (at < 0 || !prospects.hasRoom(at, reserved)) {
      declined.add(queue);
      return false;
    }
    this.#take(queue, prospects.roster.members[at]!, prospects.eligible.length === 1, answers);
    return true;
  }

  #take(queue: KindQueue, { name: node, capacity: room }: PlacementNode, mayQueue: boolean, answers: PlacementAnswer[]): void {
    const { kind: claim, demand } = queue;
    const index = queue.ready.pop();
    this.#atRest(queue);
    room.take(claim);
    demand.asker.whereabouts?.placed(index, node);
    demand.held += 1;
    if (claim.group && claim.group.node === undefined) {
      claim.group.node = node;
      this.#version += 1;
    }
    answers.push({ type: 'granted', runId: demand.asker.runId, index, node, claim, mayQueue });
  }

  /** The queue waits no longer, or anew. */
  #atRest(queue: KindQueue): void {
    if (queue.waitingSinceMs === undefined) return;
    queue.waitingSinceMs = undefined;
    this.#waiting.delete(queue);
  }

  /** The position of the chosen one; -1 to wait. */
  #place(queue: KindQueue, index: number, reserved: Reserved | undefined): number {
    const { kind, demand } = queue;
    const { asker } = demand;
    const { eligible, roster } = this.#prospects(queue);
    const { views, prospects } = queue;
    if (eligible.length === 1 && (asker.takesAnyRoom || kind.pinnedTo !== undefined)) return eligible[0]!;
    if (asker.takesAnyRoom) {
      const first = prospects.withRoom(reserved);
      if (prospects.withRoom(reserved, first + 1) < 0) return first;
    }
    const nodes = asker.takesAnyRoom ? views.withRoom(index, reserved) : views.all(index, reserved);
    const chosen = asker.strategy.place({ dagId: asker.dagId, functionId: asker.functionId(index), cost: kind.costs, nodes });
    if (chosen === undefined) return -1;
    const at = roster.positionOf(chosen);
    if (nodes.some(({ name }) => name === chosen)) return at;
    throw new Error(`it chose ${JSON.stringify(chosen)}, which is not among ${nodes.map((node) => `"${node.name}"`).join(', ')}`);
  }

  #prospects(queue: KindQueue): Eligibility {
    if (queue.version !== this.#version) {
      queue.prospects = this.#prospectsOf(queue.kind);
      queue.views = new NodeViews(queue.demand.asker, queue.prospects);
      queue.version = this.#version;
    }
    return queue.prospects;
  }

  #prospectsOf(kind: ClaimClass): Eligibility {
    return new Eligibility(this.#roster, this.#couldBeHeld(kind), kind);
  }

  #member(name: string): PlacementNode | undefined {
    return this.#roster.members[this.#roster.positionOf(name)];
  }

  /** Whether a member may hold the kind, and could if it were idle. */
  #couldBeHeld(kind: ClaimClass): (member: PlacementNode) => boolean {
    const { group } = kind;
    // A group whose node is gone is placed anew.
    if (group?.node !== undefined && this.#roster.positionOf(group.node) < 0) group.node = undefined;
    const only = group?.node ?? kind.pinnedTo;
    const claims = group?.claims ?? [kind];
    return ({ name, capacity: room }) =>
      (only === undefined || name === only) && claims.every((claim) => !claim.differs?.has(name) && room.canEverHold(claim.cost));
  }
}
