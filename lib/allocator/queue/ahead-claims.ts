// Brain: pure.
import type { Capacity } from '../capacity/capacity.js';
import { covers } from '../capacity/resources.js';
import type { ClaimClass, ClaimQueueClient, PlacementNode } from './claim-class.js';
import type { Eligibility, Reserved } from './eligibility.js';
import type { NodeList } from './node-list.js';
import type { AheadStep } from './placement-step.js';
import { type ClassQueue, goesBefore, isAtItsLimit, type RunQueue } from './run-queue.js';

/** So many lie on other nodes at most, of all runs: a driver cannot feed more functions in the time that they hide. */
const MOST_FAR = 128;

/**
 * Whether the first function of a queue could begin on a node as soon as a claim like this one ends there. So it is its turn too: what lies
 * would take that room each time.
 */
function isAfter<Client extends ClaimQueueClient>(
  queue: ClassQueue<Client>,
  claim: ClaimClass,
  { capacity, name }: PlacementNode,
  { nodes, places }: AheadPass<Client>,
): boolean {
  const { ready, claim: other } = queue;
  if (ready.length === 0 || isHeldBack(other, capacity)) return false;
  const { slot, cost } = other;
  const isCovered = covers(claim.cost, cost);
  const couldBegin =
    slot === claim.slot ? isCovered || capacity.hasResources(cost) : isCovered && capacity.hasSlot(slot) && !capacity.hasResources(cost);
  return couldBegin && places(queue)?.isEligible(nodes.positionOf(name)) === true;
}

/** Whether a claim that waits needs more of a resource than one that could take over gives back. */
function isOvertakenBy(waiting: ClaimClass, claim: ClaimClass): boolean {
  if (covers(claim.cost, waiting.cost)) return false;
  for (const name of waiting.cost.keys()) if (claim.cost.has(name)) return true;
  return false;
}

/**
 * Whether the first function of a queue could run on a node at any time. What lies on other nodes takes nothing that it waits for: two
 * nodes that run functions for each other would recall what lies there for ever.
 */
const mayRunOn = <Client extends ClaimQueueClient>(
  queue: ClassQueue<Client>,
  node: PlacementNode,
  { nodes, places }: AheadPass<Client>,
): boolean => places(queue)?.isEligible(nodes.positionOf(node.name)) ?? true;

/**
 * The functions that were granted ahead of room: each lies where one runs, on this node or another, and begins in the moment in which that
 * one ends, by its claim. Every claim that is held in its slots covers its cost, and so does what lies there before it, as that is recalled
 * while something waits that needs more. So the ledger stays exact. One lies for each claim, or several if their run allows that.
 *
 * What lies is what would be granted next. It is recalled when that changes: another node has room, a run asks that had nothing to ask for,
 * the same run has a function of a higher priority, or a claim waits that needs more. So it is when values fill the memory, when what runs
 * does not cover it, and when its node takes nothing new. From another node it takes a while to come back, or it begins meanwhile.
 */
export class AheadClaims<Client extends ClaimQueueClient> {
  readonly #slots: ReadonlySet<string>;
  #lying: AheadClaim<Client>[] = [];
  /** Those that are on their way back from other nodes. */
  #returning: AheadClaim<Client>[] = [];
  /** The runs that had something ready at the end of the last pass. */
  #asking = new Set<RunQueue<Client>>();
  /** What this pass recalls, and how many of them it has; `undefined` until it has looked. */
  #recalled: readonly AheadClaim<Client>[] | undefined;
  #recalledTo = 0;
  /** Whether nothing may lie on this node at the moment. */
  isHeld = false;

  /** `slots`: the names of the slots of this node in which functions may lie. On other nodes they may in all. */
  constructor(slots: ReadonlySet<string>) {
    this.#slots = slots;
  }

  add(run: RunQueue<Client>, index: number, claim: ClaimClass, node: PlacementNode): void {
    this.#lying.push({ run, index, claim, node });
  }

  /** Removes a function, if it is there. The run of one that comes back asks for it again, and is not another one for that. */
  remove(runId: string, index: number): void {
    if (removeFrom(this.#lying, runId, index)) return;
    const back = removeFrom(this.#returning, runId, index);
    if (back) this.#asking.add(back.run);
  }

  /** Removes all of them, or those that lie on this node. */
  recallAll(where: 'here' | 'everywhere'): readonly AheadStep<Client>[] {
    const all = this.#lying.filter(({ node }) => node.isSelf || where === 'everywhere');
    this.#recall(all);
    return all.map(recallOf);
  }

  #recall(recalled: readonly AheadClaim<Client>[]): void {
    if (recalled.length === 0) return;
    this.#lying = this.#lying.filter((one) => !recalled.includes(one));
    for (const one of recalled) if (!one.node.isSelf) this.#returning.push(one);
  }

  /** What lies is what goes next, and so gets the first room that there is on its node. Its claim is taken. */
  nextPromoted(): AheadStep<Client> | undefined {
    const at = this.#lying.findIndex(
      ({ claim, node: { capacity } }) => capacity.hasSlot(claim.slot) && capacity.hasResources(claim.cost) && !isHeldBack(claim, capacity),
    );
    if (at < 0) return undefined;
    const { run, index, claim, node } = this.#lying[at]!;
    this.#lying.splice(at, 1);
    node.capacity.take(claim);
    return { type: 'promoted', client: run.client, index, claim, node: node.name };
  }

  /** Returns the next of those that are not to go next any more, and removes it. */
  nextRecalled(runs: Iterable<RunQueue<Client>>, pass: AheadPass<Client>): AheadStep<Client> | undefined {
    this.#recalled ??= this.#takeOvertaken(runs, pass);
    const one = this.#recalled[this.#recalledTo];
    if (!one) return undefined;
    this.#recalledTo += 1;
    return recallOf(one);
  }

  /** Whether this pass has recalled something. The next one grants what lies instead. */
  get isRecalling(): boolean {
    return this.#recalledTo > 0;
  }

  /**
   * Returns the queue whose first function goes next, if that may lie, and where. The runs come `from` their turn on. Where one waits its
   * turn whose function may not lie, none lies in its stead.
   */
  nextOf({ ring, from }: Turns<Client>, pass: AheadPass<Client>): NextAhead<Client> | undefined {
    for (let offset = 0; offset < ring.length; offset += 1) {
      const at = (from + offset) % ring.length;
      const run = ring[at]!;
      const first = isAtItsLimit(run) ? undefined : this.#firstOf(run, pass);
      if (!first) continue;
      const { queue, node } = first;
      const isBefore = (other: ClassQueue<Client>): boolean => isAfter(other, queue.claim, node, pass);
      for (const other of run.classes.values()) if (isBefore(other) && goesBefore(other, queue)) return undefined;
      for (let earlier = 0; earlier < offset; earlier += 1) {
        const other = ring[(from + earlier) % ring.length]!;
        if (isAtItsLimit(other)) continue;
        for (const one of other.classes.values()) if (isBefore(one)) return undefined;
      }
      return { queue, at, node };
    }
    return undefined;
  }

  /** Returns the queue of a run whose first function goes next, among those that may lie somewhere, and where. */
  #firstOf({ client, classes }: RunQueue<Client>, pass: AheadPass<Client>): Omit<NextAhead<Client>, 'at'> | undefined {
    if (!client.ahead?.isPossible) return undefined;
    let first: Omit<NextAhead<Client>, 'at'> | undefined;
    for (const queue of classes.values()) {
      const { ready, claim } = queue;
      if (ready.length === 0 || claim.group !== undefined || !(client.takesAnyRoom || claim.pinnedTo !== undefined)) continue;
      if (first && !goesBefore(queue, first.queue)) continue;
      const node = this.#placeFor(queue, pass);
      if (node) first = { queue, node };
    }
    return first;
  }

  /** Returns the node where the first function of a queue lies behind the fewest others; `undefined` if it may lie nowhere. */
  #placeFor(queue: ClassQueue<Client>, pass: AheadPass<Client>): PlacementNode | undefined {
    const { nodes, places } = pass;
    const { claim, ready, run } = queue;
    const index = ready.peek(run.urgentBand);
    const ahead = run.client.ahead!;
    const eligibility = places(queue);
    if (!eligibility) return undefined;
    const isFarFull = this.#lying.length + this.#returning.length >= MOST_FAR;
    let best: PlacementNode | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const at of eligibility.eligible) {
      const node = nodes.members[at]!;
      if (node.isSelf ? this.isHeld || !this.#slots.has(claim.slot) : isFarFull || !node.isOpen) continue;
      const behind = isHeldBack(claim, node.capacity) || isOvertakenOn(node, claim, pass) ? undefined : this.#liesBehind(claim, node);
      if (behind === undefined || behind >= least || !ahead.mayLie(index, behind, node.name)) continue;
      [best, least] = [node, behind];
    }
    return best;
  }

  /** Returns behind how many others it would lie on a node, or lies as number `at`; `undefined` if it may not lie there. */
  #liesBehind(claim: ClaimClass, node: PlacementNode, at = this.#lying.length): number | undefined {
    const held = node.capacity.coveringClaims(claim);
    if (held === 0) return undefined;
    let lying = 0;
    for (let before = 0; before < at; before += 1) {
      const one = this.#lying[before]!;
      if (one.node === node && one.claim.slot === claim.slot) lying += 1;
    }
    // On a loop functions take turns, however many hold a claim.
    return claim.slot === 'loop' ? held - 1 + lying : Math.floor(lying / held);
  }

  #takeOvertaken(runs: Iterable<RunQueue<Client>>, pass: AheadPass<Client>): readonly AheadClaim<Client>[] {
    if (this.#lying.length === 0) return [];
    const { nodes } = pass;
    const slots = this.#slotsThatMatter();
    const newcomers = this.#newcomers(runs, slots);
    const isOver = ({ claim, node }: AheadClaim<Client>): boolean => {
      const { capacity, isOpen } = node;
      if (!isOpen || isHeldBack(claim, capacity) || capacity.coveringClaims(claim) === 0) return true;
      if (nodes.members[nodes.positionOf(node.name)] !== node) return true;
      return isOvertakenOn(node, claim, pass) || newcomers.some((other) => isAsking(other, slots, (queue) => mayRunOn(queue, node, pass)));
    };
    const over = this.#lying.filter(isOver);
    if (over.length < this.#lying.length) over.push(...this.#lessUrgent(pass, new Set(over)));
    const recalled = over.length > 0 ? over : this.#lastWithRoomElsewhere(pass);
    this.#recall(recalled);
    return recalled;
  }

  /** Returns those in whose stead their run has a function of a higher priority. It needs one place: one other node is enough. */
  #lessUrgent(pass: AheadPass<Client>, over: ReadonlySet<AheadClaim<Client>>): readonly AheadClaim<Client>[] {
    let far: PlacementNode | undefined;
    const mayAsk = this.#returning.length === 0;
    return this.#lying.filter((one) => {
      const { run, index, claim, node } = one;
      if (over.has(one) || !(node.isSelf || (mayAsk && (far ?? node) === node))) return false;
      if (!isLess(run, index, (queue) => isAfter(queue, claim, node, pass)) || this.#isNext(run, index, pass)) return false;
      if (!node.isSelf) far = node;
      return true;
    });
  }

  /** Whether a function of a higher priority than one that lies may lie where none lies before it. */
  #isNext(run: RunQueue<Client>, index: number, pass: AheadPass<Client>): boolean {
    const first = this.#firstOf(run, pass);
    if (!first || this.#liesBehind(first.queue.claim, first.node) !== 0) return false;
    const urgency = run.client.urgency!;
    return urgency.priorityOf(first.queue.ready.peek(run.urgentBand)) > urgency.priorityOf(index);
  }

  /** Returns the last function for which another node has room that nothing on its way back will take, if that is worth the way. */
  #lastWithRoomElsewhere({ places, nodes, reserved }: AheadPass<Client>): readonly AheadClaim<Client>[] {
    for (let last = this.#lying.length - 1; last >= 0; last -= 1) {
      const { run, index, claim, node } = this.#lying[last]!;
      const queue = run.classes.get(claim);
      const eligibility = queue && places(queue);
      if (!eligibility || eligibility.eligible.length === 1) continue;
      let rooms = -this.#returning.length;
      for (let at = eligibility.withRoom(reserved); at >= 0 && rooms <= 0; at = eligibility.withRoom(reserved, at + 1))
        if (nodes.members[at] !== node) rooms += 1;
      if (rooms <= 0) continue;
      if (node.isSelf || run.client.ahead!.isWorthMoving(index, this.#liesBehind(claim, node, last) ?? 0)) return [this.#lying[last]!];
    }
    return [];
  }

  /** Remembers which runs have something ready, as a pass ends. */
  endPass(runs: Iterable<RunQueue<Client>>): void {
    if (!this.#recalled) return;
    this.#recalled = undefined;
    this.#recalledTo = 0;
    if (this.#asking.size > 0) this.#asking = new Set();
    if (this.#lying.length === 0) return;
    const slots = this.#slotsThatMatter();
    for (const run of runs) if (isAsking(run, slots)) this.#asking.add(run);
  }

  /** Returns the runs that ask, and neither asked before nor have anything lying. */
  #newcomers(runs: Iterable<RunQueue<Client>>, slots: ReadonlySet<string>): readonly RunQueue<Client>[] {
    const newcomers: RunQueue<Client>[] = [];
    for (const run of runs) {
      if (this.#asking.has(run) || !isAsking(run, slots)) continue;
      if (!isAtItsLimit(run) && this.#lying.every((one) => one.run !== run)) newcomers.push(run);
    }
    return newcomers;
  }

  /** The slots in which functions lie, or may lie here. */
  #slotsThatMatter(): ReadonlySet<string> {
    if (this.#lying.every(({ claim }) => this.#slots.has(claim.slot))) return this.#slots;
    return new Set([...this.#slots, ...this.#lying.map(({ claim }) => claim.slot)]);
  }
}

function removeFrom<Client extends ClaimQueueClient>(
  list: AheadClaim<Client>[],
  runId: string,
  index: number,
): AheadClaim<Client> | undefined {
  const at = list.findIndex((one) => one.index === index && one.run.client.runId === runId);
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

const recallOf = <Client extends ClaimQueueClient>({ run, index }: AheadClaim<Client>): AheadStep<Client> => ({
  type: 'recalled',
  client: run.client,
  index,
});

/** Values fill the memory, and what the function makes would add to them. */
const isHeldBack = ({ growsMemory }: ClaimClass, { excessMiB }: Capacity): boolean => growsMemory === true && excessMiB > 0;

/** Whether a claim that could be held on a node waits for what one that lies there would take over. */
function isOvertakenOn<Client extends ClaimQueueClient>(node: PlacementNode, claim: ClaimClass, pass: AheadPass<Client>): boolean {
  for (const queue of pass.waiting)
    if (queue.ready.length > 0 && isOvertakenBy(queue.claim, claim) && mayRunOn(queue, node, pass)) return true;
  return false;
}

function isAsking<Client extends ClaimQueueClient>(
  { classes }: RunQueue<Client>,
  slots: ReadonlySet<string>,
  isMeant: (queue: ClassQueue<Client>) => boolean = () => true,
): boolean {
  for (const queue of classes.values()) if (queue.ready.length > 0 && slots.has(queue.claim.slot) && isMeant(queue)) return true;
  return false;
}

/** Whether its run has a function of a higher priority that could begin in its stead. */
function isLess<Client extends ClaimQueueClient>(
  { classes, client, urgentBand }: RunQueue<Client>,
  index: number,
  isInTurn: (queue: ClassQueue<Client>) => boolean,
): boolean {
  const { urgency } = client;
  if (!urgency) return false;
  const priority = urgency.priorityOf(index);
  for (const other of classes.values()) {
    if (isInTurn(other) && urgency.priorityOf(other.ready.peek(urgentBand)) > priority) return true;
  }
  return false;
}

/** The runs, and whose turn it is. */
interface Turns<Client extends ClaimQueueClient> {
  readonly ring: readonly RunQueue<Client>[];
  readonly from: number;
}

/** What a pass looks at. */
export interface AheadPass<Client extends ClaimQueueClient> {
  readonly nodes: NodeList;
  /** The queues whose claims wait for a resource. */
  readonly waiting: Iterable<ClassQueue<Client>>;
  /** Returns where a queue may wait; `undefined` if its strategy lets it wait. */
  readonly places: (queue: ClassQueue<Client>) => Eligibility | undefined;
  readonly reserved: Reserved | undefined;
}

/** What lies next, where, and the place of its run. */
interface NextAhead<Client extends ClaimQueueClient> {
  readonly queue: ClassQueue<Client>;
  readonly at: number;
  readonly node: PlacementNode;
}

/** A function that lies where another runs. */
interface AheadClaim<Client extends ClaimQueueClient> {
  readonly run: RunQueue<Client>;
  readonly index: number;
  readonly claim: ClaimClass;
  readonly node: PlacementNode;
}
