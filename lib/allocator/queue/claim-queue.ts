// Brain: pure.
import type { HandoffError } from '../../base/index.js';
import type { Claim } from '../capacity/capacity.js';
import type { Capabilities } from '../strategy.js';
import { AheadClaims } from './ahead-claims.js';
import { BandedQueue } from './banded-queue.js';
import type { ClaimClass, ClaimQueueClient, PlacementNode } from './claim-class.js';
import { type Eligibility, whereItMayWait, whereOnlyValuesAreInTheWay } from './eligibility.js';
import { NodeList } from './node-list.js';
import type { PlacementGrant, PlacementStep } from './placement-step.js';
import { couldHold, KnownEligibility, nodeOf } from './possible-nodes.js';
import { impossible } from './refusals.js';
import { addClassQueue, type ClassQueue, goesBefore, isAtItsLimit, newRunQueue, type RunQueue } from './run-queue.js';
import { urgentBandOf } from './urgency.js';

/** After this long a waiting claim is no longer overtaken by smaller ones that need the same resource, ms. */
export const OVERTAKING_ENDS_MS = 1000;

/**
 * The brain of the allocator: decides which ready function goes next, and where. It serves runs round-robin; within a run the order is the
 * run's. A claim without room is overtaken by others for at most a second. Then no claim that needs one of its resources passes it.
 *
 * Grants are made in passes: `startPass`, then `nextStep` until it returns nothing. A step is a grant, or a choice for a strategy. The
 * caller asks the strategy, and reports its choice with `choose`, or its failure with `refuse`. A choice that is left open means that the
 * strategy waits. All other methods may be called between two steps.
 */
export class ClaimQueue<Client extends ClaimQueueClient = ClaimQueueClient> {
  #nodes: NodeList;
  readonly #runs = new Map<string, RunQueue<Client>>();
  #ring: RunQueue<Client>[] = [];
  #next = 0;
  readonly #waiting = new Set<ClassQueue<Client>>();
  #version = 0;
  /** What is known of the latest classes that runs may share, as of this version. */
  readonly #known = new KnownEligibility();

  /** The present pass: its time, and the claims that have waited long, the longest first. */
  #nowMs = 0;
  #seniors: readonly ClassQueue<Client>[] = [];
  #senior = 0;
  #reserved: Map<PlacementNode, Set<string>> | undefined;
  /** How many runs in a row had nothing to grant. */
  #fruitless = 0;
  /** The classes whose strategy waits. */
  readonly #declined = new Set<ClassQueue<Client>>();
  #choice: ClassQueue<Client> | undefined;
  /** The functions that lie. */
  readonly ahead: AheadClaims<Client>;

  /** The first member is the driver's own node, the others follow by name. In `aheadSlots` of that node functions may lie; default none. */
  constructor(members: readonly PlacementNode[], aheadSlots: ReadonlySet<string> = new Set()) {
    this.#nodes = new NodeList(members);
    this.ahead = new AheadClaims(aheadSlots);
  }

  addRun(client: Client): void {
    const run = newRunQueue(client);
    this.#runs.set(client.runId, run);
    this.#ring.push(run);
  }

  /** Removes the requests of a run. The run itself frees its claims. */
  removeRun(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    for (const queue of run.classes.values()) this.#waiting.delete(queue);
    run.isRemoved = true;
    this.#runs.delete(runId);
    // The position in the ring does not change. Otherwise the runs at the head would be served again and again when runs come and go.
    const at = this.#ring.indexOf(run);
    this.#ring = this.#ring.filter((other) => other !== run);
    if (at < this.#next) this.#next -= 1;
    if (this.#next >= this.#ring.length) this.#next = 0;
  }

  request(runId: string, index: number, claim: ClaimClass): void {
    const run = this.#runs.get(runId)!;
    const queue = run.classes.get(claim) ?? addClassQueue(run, claim, this.#eligibilityFor(run, claim), this.#version);
    queue.ready.push(index);
  }

  /** Replaces the members, in the same order as for the constructor; or the same ones after the capabilities of one have changed. */
  changed(members: readonly PlacementNode[] = this.#nodes.members): void {
    this.#nodes.close();
    this.#nodes = new NodeList(members);
    this.#known.clear();
    this.#version += 1;
  }

  /** A node has told what it has, which may be less than before: runs that ask from now on look anew. */
  capabilitiesTold(): void {
    this.#known.clear();
  }

  /** A node has a different module than the driver. It can hold no such claim, nor any of its group, which is placed anew. */
  codeDiffers(claim: ClaimClass, node: string, module: string): void {
    const { group } = claim;
    for (const one of group?.claims ?? [claim]) if (one.modules?.includes(module)) one.differs?.set(node, module);
    if (group?.node === node) group.node = undefined;
    this.changed();
  }

  /** Withdraws a request that has not been answered. */
  withdraw(runId: string, index: number, claim: ClaimClass): void {
    const queue = this.#runs.get(runId)?.classes.get(claim);
    if (!queue) return;
    queue.ready.remove(index);
    if (queue.ready.length === 0) this.#atRest(queue);
  }

  /** Withdraws all requests of a run that have not been answered. */
  withdrawAll(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    for (const queue of run.classes.values()) {
      queue.ready = new BandedQueue(run.client);
      this.#atRest(queue);
    }
  }

  /** A run takes over a function that runs on a node already. The claim may exceed what is free there. */
  adopt(runId: string, node: string, claim: ClaimClass): void {
    this.#nodes.members[this.#nodes.positionOf(node)]?.capacity.hold(claim);
    const run = this.#runs.get(runId);
    if (run) run.held += 1;
    if (!claim.group || nodeOf(claim.group, this.#nodes) !== undefined) return;
    claim.group.node = node;
    this.#version += 1;
  }

  /** Frees a claim. `isLent` means that the capacity is free already. */
  free(runId: string, node: string, claim: Claim, isLent = false): void {
    if (!isLent) this.#nodes.members[this.#nodes.positionOf(node)]?.capacity.free(claim);
    const run = this.#runs.get(runId);
    if (run) run.held -= 1;
  }

  /** A function that lies has begun: it holds its claim from now on. Call it together with `free` for what has ended. */
  begun(runId: string, index: number, node: string, claim: Claim): void {
    this.ahead.remove(runId, index);
    this.#nodes.members[this.#nodes.positionOf(node)]?.capacity.hold(claim);
  }

  /** A function that lies, or that was recalled, is not to run there now. */
  freeAhead(runId: string, index: number): void {
    this.ahead.remove(runId, index);
    const run = this.#runs.get(runId);
    if (run) run.held -= 1;
  }

  /** Returns what a claim waits for on the first node that could hold it: the whole amounts, or what it lacks of them. */
  shortOf(claim: ClaimClass, part: 'shortOf' | 'lackOf' = 'shortOf'): Capabilities {
    return this.#nodes.members.find(couldHold(claim, this.#nodes))?.capacity[part](claim) ?? claim.costs;
  }

  /** Returns the error of a claim that no member could ever hold, or `undefined`. */
  impossible(claim: ClaimClass, functionId: string): HandoffError | undefined {
    return this.#known.of(claim, this.#nodes).eligible.length > 0 ? undefined : impossible(claim, functionId, this.#nodes.members);
  }

  /** Returns the members that could ever hold a claim. */
  ableNodes(claim: ClaimClass): readonly string[] {
    return this.#nodes.members.filter(couldHold(claim, this.#nodes)).map(({ name }) => name);
  }

  /** Begins a pass that grants whatever can be granted now. */
  startPass(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#endPass();
    if (this.#waiting.size > 0) this.#findSeniors();
  }

  /** Returns the next grant, or the next choice; `undefined` if nothing more can be granted. */
  nextStep(): PlacementStep<Client> | undefined {
    if (this.#choice) {
      this.#declined.add(this.#choice);
      this.#choice = undefined;
    }
    const promoted = this.ahead.nextPromoted();
    const step = promoted ?? (this.#senior < this.#seniors.length ? this.#nextOfSeniors() : undefined) ?? this.#nextInTurn();
    if (step) return step;
    return this.#nextAhead() ?? this.#endPass();
  }

  /** The strategy chose a node. Returns `undefined` if that has no room now: the strategy waits for it. */
  choose(node: string): PlacementGrant<Client> | undefined {
    const queue = this.#choice;
    if (!queue || this.#isOutdated(queue)) return undefined;
    const eligibility = this.#eligibilityOf(queue);
    const at = this.#nodes.positionOf(node);
    return at >= 0 && eligibility.hasRoom(at, this.#reserved) ? this.#grant(queue, at) : undefined;
  }

  /** The strategy failed: the function that it was asked about waits no longer. */
  refuse(): void {
    const queue = this.#choice;
    if (!queue || this.#isOutdated(queue)) return;
    queue.ready.pop(queue.run.urgentBand);
    this.#served(queue.run);
  }

  /** The strategy's own code may have withdrawn the function, or removed its run. Then no answer is wanted any more. */
  #isOutdated(queue: ClassQueue<Client>): boolean {
    if (!queue.run.isRemoved && queue.ready.length > 0 && queue.ready.peek(queue.run.urgentBand) === queue.index) return false;
    this.#choice = undefined;
    return true;
  }

  /** Between two passes no reference to a run that ends is kept. */
  #endPass(): undefined {
    this.#fruitless = 0;
    this.#senior = 0;
    this.#choice = undefined;
    this.#reserved = undefined;
    if (this.#seniors.length > 0) this.#seniors = [];
    if (this.#declined.size > 0) this.#declined.clear();
    this.ahead.endPass(this.#ring);
  }

  #nextAhead(): PlacementStep<Client> | undefined {
    const places = (queue: ClassQueue<Client>): Eligibility | undefined =>
      this.#declined.has(queue) ? undefined : this.#eligibilityOf(queue);
    const pass = { nodes: this.#nodes, waiting: this.#waiting, places, reserved: this.#reserved };
    const recalled = this.ahead.nextRecalled(this.#ring, pass);
    if (recalled || this.ahead.isRecalling || this.#seniors.length > 0 || !this.#nodes.members[0]!.isOpen) return recalled;
    const next = this.ahead.nextOf({ ring: this.#ring, from: this.#next }, pass);
    if (next) this.#next = next.at;
    return next && this.#take(next.queue, next.node, true, true);
  }

  #findSeniors(): void {
    const seniors = [...this.#waiting].filter((queue) => this.#nowMs - queue.waitingSinceMs! >= OVERTAKING_ENDS_MS);
    if (seniors.length === 0) return;
    this.#seniors = seniors.sort((a, b) => a.waitingSinceMs! - b.waitingSinceMs!);
    this.#reserved = new Map();
  }

  /**
   * Serves claims that have waited long, the longest first. For one that finds no room, the node that is closest to having it reserves what
   * it lacks. If other drivers fill that node, the claim is queued there.
   */
  #nextOfSeniors(): PlacementStep<Client> | undefined {
    for (; this.#senior < this.#seniors.length; this.#senior += 1) {
      const queue = this.#firstAlike(this.#seniors[this.#senior]!);
      if (queue.run.isRemoved || queue.ready.length === 0 || isAtItsLimit(queue.run)) continue;
      const eligibility = this.#eligibilityOf(queue);
      if (!this.#declined.has(queue) && eligibility.withRoom(this.#reserved) >= 0) return this.#grantOrAsk(queue);
      const { nearest } = eligibility;
      // Memory cannot be reserved. What is reserved besides would hold up those that free it, and this claim itself.
      if (!nearest || eligibility.lacksOnlyMemory(nearest)) continue;
      if (!this.#declined.has(queue) && nearest.capacity.mayWait(queue.claim)) return this.#take(queue, nearest, true);
      const names = this.#reserved!.get(nearest) ?? new Set();
      this.#reserved!.set(nearest, names);
      for (const name of queue.claim.cost.keys()) names.add(name);
    }
    return undefined;
  }

  /** Returns the queue of the same needs that the run's order begins with, among those that have room. */
  #firstAlike(senior: ClassQueue<Client>): ClassQueue<Client> {
    const { alike, run } = senior;
    if (alike.length <= 1 || run.isRemoved || isAtItsLimit(run)) return senior;
    run.urgentBand = urgentBandOf(run.client, run.slots);
    let best: ClassQueue<Client> | undefined;
    for (const queue of alike) {
      if (queue.ready.length === 0 || this.#declined.has(queue) || this.#eligibilityOf(queue).withRoom(this.#reserved) < 0) continue;
      if (!best || goesBefore(queue, best)) best = queue;
    }
    return best ?? senior;
  }

  /** Serves the runs in turn, one grant for each, until none has anything that can be granted. */
  #nextInTurn(): PlacementStep<Client> | undefined {
    while (this.#fruitless < this.#ring.length) {
      const step = this.#nextOf(this.#ring[this.#next]!);
      if (step) return step;
      this.#next = (this.#next + 1) % this.#ring.length;
      this.#fruitless += 1;
    }
    return undefined;
  }

  /** Returns the first function in the run's order that has room. */
  #nextOf(run: RunQueue<Client>): PlacementStep<Client> | undefined {
    if (isAtItsLimit(run)) return undefined;
    run.urgentBand = urgentBandOf(run.client, run.slots);
    let best: ClassQueue<Client> | undefined;
    for (const queue of run.classes.values()) {
      if (queue.ready.length === 0 || this.#declined.has(queue)) continue;
      if (this.#eligibilityOf(queue).withRoom(this.#reserved) < 0) this.#waits(queue);
      else if (!best || goesBefore(queue, best)) best = queue;
    }
    return best ? this.#grantOrAsk(best) : this.#grantWithoutRoom(run);
  }

  /**
   * No node has room. If other drivers fill one, the first function is queued there. If only stored values fill it and nothing of this run
   * can free memory, one function is let through.
   */
  #grantWithoutRoom(run: RunQueue<Client>): PlacementGrant<Client> | undefined {
    return (
      this.#takeFirst(run, whereItMayWait, true) ?? (run.held === 0 ? this.#takeFirst(run, whereOnlyValuesAreInTheWay, false) : undefined)
    );
  }

  /** Takes the first function in the run's order for which `placeFor` finds a place, except those that their strategy lets wait. */
  #takeFirst(run: RunQueue<Client>, placeFor: typeof whereItMayWait, mayQueue: boolean): PlacementGrant<Client> | undefined {
    let first: ClassQueue<Client> | undefined;
    let at: PlacementNode | undefined;
    for (const queue of run.classes.values()) {
      if (queue.ready.length === 0 || (first && goesBefore(first, queue))) continue;
      const there = this.#declined.has(queue) ? undefined : placeFor(this.#eligibilityOf(queue), this.#reserved);
      if (there) [first, at] = [queue, there];
    }
    return first && at && this.#take(first, at, mayQueue);
  }

  /** Slots are all alike: a claim ages only if it lacks a resource. */
  #waits(queue: ClassQueue<Client>): void {
    if (queue.waitingSinceMs !== undefined || this.#eligibilityOf(queue).haveResources) return;
    queue.waitingSinceMs = this.#nowMs;
    this.#waiting.add(queue);
  }

  /**
   * Grants the first function of the queue, which has room somewhere, or asks its strategy. A strategy that takes any room is not asked
   * about a single node.
   */
  #grantOrAsk(queue: ClassQueue<Client>): PlacementStep<Client> {
    const { client, claim, eligibility } = queue;
    if (client.takesAnyRoom || (claim.pinnedTo !== undefined && eligibility.eligible.length === 1)) {
      const first = eligibility.withRoom(this.#reserved);
      if (eligibility.eligible.length === 1 || eligibility.withRoom(this.#reserved, first + 1) < 0) return this.#grant(queue, first);
    }
    queue.index = queue.ready.peek(queue.run.urgentBand);
    queue.reserved = this.#reserved;
    this.#choice = queue;
    return queue;
  }

  #grant(queue: ClassQueue<Client>, at: number): PlacementGrant<Client> {
    return this.#take(queue, this.#nodes.members[at]!, queue.eligibility.eligible.length === 1);
  }

  /** Takes the first function off the queue, and its claim in the capacity of the node. */
  #take(queue: ClassQueue<Client>, at: PlacementNode, mayQueue: boolean, isAhead = false): PlacementGrant<Client> {
    const { client, claim, run } = queue;
    const { name: node } = at;
    const index = queue.ready.pop(run.urgentBand);
    for (const one of queue.alike) this.#atRest(one);
    if (isAhead) this.ahead.add(run, index, claim, at);
    else at.capacity.take(claim);
    run.held += 1;
    if (claim.group && claim.group.node !== node) {
      claim.group.node = node;
      this.#version += 1;
    }
    this.#served(run);
    return { type: 'granted', client, index, node, claim, mayQueue, isAhead };
  }

  /** Moves on to the next claim that has waited long, or to the next run. */
  #served(run: RunQueue<Client>): void {
    this.#choice = undefined;
    if (this.#senior < this.#seniors.length) {
      this.#senior += 1;
      return;
    }
    this.#fruitless = 0;
    if (this.#ring[this.#next] === run) this.#next = (this.#next + 1) % this.#ring.length;
  }

  /** The queue waits no longer, or anew. */
  #atRest(queue: ClassQueue<Client>): void {
    if (queue.waitingSinceMs === undefined) return;
    queue.waitingSinceMs = undefined;
    this.#waiting.delete(queue);
  }

  /** Made anew when members, their capabilities or groups have changed. */
  #eligibilityOf(queue: ClassQueue<Client>): Eligibility {
    if (queue.version !== this.#version) {
      queue.eligibility = this.#eligibilityFor(queue.run, queue.claim);
      queue.version = this.#version;
    }
    return queue.eligibility;
  }

  #eligibilityFor(run: RunQueue<Client>, claim: ClaimClass): Eligibility {
    const eligibility = this.#known.of(claim, this.#nodes);
    if (run.version !== this.#version) [run.version, run.slots] = [this.#version, 0];
    run.slots = Math.max(run.slots, eligibility.together);
    return eligibility;
  }
}
