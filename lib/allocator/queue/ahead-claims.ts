// Brain: pure.
import type { Capacity } from '../capacity/capacity.js';
import { covers } from '../capacity/resources.js';
import type { ClaimClass, ClaimQueueClient } from './claim-class.js';
import type { Eligibility } from './eligibility.js';
import type { AheadStep } from './placement-step.js';
import { type ClassQueue, goesBefore, isAtItsLimit, type RunQueue } from './run-queue.js';

/**
 * Whether the first function of a queue could begin here as soon as a claim like this one ends. So it is its turn too: what lies would take
 * that room each time.
 */
function isAfter<Client extends ClaimQueueClient>(
  queue: ClassQueue<Client>,
  claim: ClaimClass,
  capacity: Capacity,
  places: Places<Client>,
): boolean {
  const { ready, claim: other } = queue;
  if (ready.length === 0 || isHeldBack(other, capacity)) return false;
  const { slot, cost } = other;
  const isCovered = covers(claim.cost, cost);
  const couldBegin =
    slot === claim.slot ? isCovered || capacity.hasResources(cost) : isCovered && capacity.hasSlot(slot) && !capacity.hasResources(cost);
  return couldBegin && places(queue)?.isEligible(0) === true;
}

/** Whether a claim that waits needs more of a resource than one that could take over gives back. */
function isOvertakenBy(waiting: ClaimClass, claim: ClaimClass): boolean {
  if (covers(claim.cost, waiting.cost)) return false;
  for (const name of waiting.cost.keys()) if (claim.cost.has(name)) return true;
  return false;
}

/**
 * The functions that were granted ahead of room: each lies where one runs, and begins in the moment in which that one ends, by its claim.
 * Every claim that is held in its slots covers its cost, and so does what lies there before it, as that is recalled while something waits
 * that needs more. So the ledger stays exact. One lies for each claim, or several if their run allows that.
 *
 * What lies is what would be granted next. It is recalled when that changes: a run asks that had nothing to ask for, the same run has a
 * function of a higher priority, or a claim waits that needs more. So it is when values fill the memory, or what runs does not cover it.
 */
export class AheadClaims<Client extends ClaimQueueClient> {
  readonly #slots: ReadonlySet<string>;
  #lying: AheadClaim<Client>[] = [];
  /** The runs that had something ready at the end of the last pass. */
  #asking = new Set<RunQueue<Client>>();
  /** What this pass recalls, and how many of them it has; `undefined` until it has looked. */
  #recalled: readonly AheadClaim<Client>[] | undefined;
  #recalledTo = 0;
  /** Whether nothing may lie at the moment. */
  isHeld = false;

  /** `slots`: the names of the slots in which functions may lie. */
  constructor(slots: ReadonlySet<string>) {
    this.#slots = slots;
  }

  /** Whether functions may lie. */
  get isPossible(): boolean {
    return this.#slots.size > 0 && !this.isHeld;
  }

  add(run: RunQueue<Client>, index: number, claim: ClaimClass): void {
    this.#lying.push({ run, index, claim });
  }

  /** Removes a function, if it is there. */
  remove(runId: string, index: number): void {
    const at = this.#lying.findIndex((one) => one.index === index && one.run.client.runId === runId);
    if (at >= 0) this.#lying.splice(at, 1);
  }

  /** Removes all of them. */
  recallAll(): readonly AheadStep<Client>[] {
    const all = this.#lying;
    this.#lying = [];
    return all.map(recallOf);
  }

  /** What lies is what goes next, and so gets the first room that there is. Its claim is taken. */
  nextPromoted(capacity: Capacity): AheadStep<Client> | undefined {
    const at = this.#lying.findIndex(
      ({ claim }) => capacity.hasSlot(claim.slot) && capacity.hasResources(claim.cost) && !isHeldBack(claim, capacity),
    );
    if (at < 0) return undefined;
    const { run, index, claim } = this.#lying[at]!;
    this.#lying.splice(at, 1);
    capacity.take(claim);
    return { type: 'promoted', client: run.client, index, claim };
  }

  /** Returns the next of those that are not to go next any more, and removes it. */
  nextRecalled(
    runs: Iterable<RunQueue<Client>>,
    waiting: Iterable<ClassQueue<Client>>,
    capacity: Capacity,
    places: Places<Client>,
  ): AheadStep<Client> | undefined {
    this.#recalled ??= this.#takeOvertaken(runs, waiting, capacity, places);
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
   * Returns the queue whose first function goes next, if that may lie. The runs come `from` their turn on. Where one waits its turn whose
   * function may not lie, none lies in its stead. `places` returns where a queue may wait; `undefined` if its strategy lets it wait.
   */
  nextOf(
    turns: Turns<Client>,
    capacity: Capacity,
    waiting: Iterable<ClassQueue<Client>>,
    places: Places<Client>,
  ): NextAhead<Client> | undefined {
    const { ring, from } = turns;
    for (let offset = 0; offset < ring.length; offset += 1) {
      const at = (from + offset) % ring.length;
      const run = ring[at]!;
      const queue = isAtItsLimit(run) ? undefined : this.#firstOf(run);
      if (!queue) continue;
      const behind = this.#liesBehind(queue.claim, capacity, waiting);
      if (behind === undefined || !mayLie(queue, behind) || !places(queue)?.isFirstAlone) continue;
      const isBefore = (other: ClassQueue<Client>): boolean => isAfter(other, queue.claim, capacity, places);
      for (const other of run.classes.values()) if (isBefore(other) && goesBefore(other, queue)) return undefined;
      for (let earlier = 0; earlier < offset; earlier += 1) {
        const other = ring[(from + earlier) % ring.length]!;
        if (isAtItsLimit(other)) continue;
        for (const one of other.classes.values()) if (isBefore(one)) return undefined;
      }
      return { queue, at };
    }
    return undefined;
  }

  /** Returns the queue of a run whose first function goes next, among those of the slots in which functions may lie. */
  #firstOf({ client, classes }: RunQueue<Client>): ClassQueue<Client> | undefined {
    if (!client.ahead) return undefined;
    let first: ClassQueue<Client> | undefined;
    for (const queue of classes.values()) {
      if (queue.ready.length === 0 || !this.#slots.has(queue.claim.slot)) continue;
      if (!first || goesBefore(queue, first)) first = queue;
    }
    return first;
  }

  /** Returns behind how many others it would lie, or `undefined` if it may not lie. */
  #liesBehind(claim: ClaimClass, capacity: Capacity, waiting: Iterable<ClassQueue<Client>>): number | undefined {
    if (claim.group !== undefined || isHeldBack(claim, capacity)) return undefined;
    let lying = 0;
    for (const one of this.#lying) if (one.claim.slot === claim.slot) lying += 1;
    const held = capacity.coveringClaims(claim);
    if (held === 0) return undefined;
    for (const queue of waiting) if (queue.ready.length > 0 && isOvertakenBy(queue.claim, claim)) return undefined;
    return Math.floor(lying / held);
  }

  #takeOvertaken(
    runs: Iterable<RunQueue<Client>>,
    waiting: Iterable<ClassQueue<Client>>,
    capacity: Capacity,
    places: Places<Client>,
  ): readonly AheadClaim<Client>[] {
    if (this.#lying.length === 0) return [];
    const isOver = ({ claim, run, index }: AheadClaim<Client>): boolean => {
      if (isHeldBack(claim, capacity) || capacity.coveringClaims(claim) === 0) return true;
      for (const queue of waiting) if (queue.ready.length > 0 && isOvertakenBy(queue.claim, claim)) return true;
      return isLess(run, index, (queue) => isAfter(queue, claim, capacity, places));
    };
    const over = this.#comesAnother(runs) ? this.#lying : this.#lying.filter(isOver);
    if (over.length > 0) this.#lying = this.#lying.filter((one) => !over.includes(one));
    return over;
  }

  /** Remembers which runs have something ready, as a pass ends. */
  endPass(runs: Iterable<RunQueue<Client>>): void {
    if (!this.#recalled) return;
    this.#recalled = undefined;
    this.#recalledTo = 0;
    if (this.#asking.size > 0) this.#asking = new Set();
    if (this.#lying.length === 0) return;
    for (const run of runs) if (isAsking(run, this.#slots)) this.#asking.add(run);
  }

  /** Whether a run asks that neither asked before nor has anything lying. */
  #comesAnother(runs: Iterable<RunQueue<Client>>): boolean {
    for (const run of runs) {
      if (this.#asking.has(run) || !isAsking(run, this.#slots)) continue;
      if (!isAtItsLimit(run) && this.#lying.every((one) => one.run !== run)) return true;
    }
    return false;
  }
}

const recallOf = <Client extends ClaimQueueClient>({ run, index }: AheadClaim<Client>): AheadStep<Client> => ({
  type: 'recalled',
  client: run.client,
  index,
});

/** Values fill the memory, and what the function makes would add to them. */
const isHeldBack = ({ growsMemory }: ClaimClass, { excessMiB }: Capacity): boolean => growsMemory === true && excessMiB > 0;

function isAsking<Client extends ClaimQueueClient>({ classes }: RunQueue<Client>, slots: ReadonlySet<string>): boolean {
  for (const { ready, claim } of classes.values()) if (ready.length > 0 && slots.has(claim.slot)) return true;
  return false;
}

/** Whether the first function of a queue may lie behind so many others. */
const mayLie = <Client extends ClaimQueueClient>(
  { claim, ready, run: { client, urgentBand } }: ClassQueue<Client>,
  behind: number,
): boolean => (client.takesAnyRoom || claim.pinnedTo !== undefined) && client.ahead!.mayLie(ready.peek(urgentBand), behind);

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

/** Returns where a queue may wait. */
type Places<Client extends ClaimQueueClient> = (queue: ClassQueue<Client>) => Eligibility | undefined;

/** What lies next, and the place of its run. */
interface NextAhead<Client extends ClaimQueueClient> {
  readonly queue: ClassQueue<Client>;
  readonly at: number;
}

/** A function that lies where another runs. */
interface AheadClaim<Client extends ClaimQueueClient> {
  readonly run: RunQueue<Client>;
  readonly index: number;
  readonly claim: ClaimClass;
}
