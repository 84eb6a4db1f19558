import { type ActorRef, type Parent, spawnActor, tell } from '../actor/index.js';
import type { Clock } from '../base/index.js';
import type { MemberEvent } from '../nodes/index.js';
import { Allocation, type Answer, type Asker, type ClaimKind, type Member } from './allocation.js';
import type { Ledger } from './ledger.js';
import { Neighbours } from './neighbours.js';
import type { Usage } from './picture.js';
import { amounts } from './resources.js';
import type { Claim } from './room.js';
import type { Capabilities } from './strategy.js';

/** What a run hears from the allocator, within the turn in which it is decided. */
export interface Placed extends Asker {
  granted(index: number, node: string, claim: ClaimKind, mayQueue: boolean): void;
  refused(index: number, error: Error): void;
  /** Whether the function still waits, after everything that could be granted was. */
  isReady(index: number): boolean;
  /** What some of its functions, which are alike, wait for. */
  wait(indices: readonly number[], lacking: Capabilities): void;
}

const LARGE_BYTES = 16 * 1024;

/** How often this node looks how much its values occupy, ms; of others it hears with each beat. */
const LOOK_MS = 20;

/** Questions to the Allocator. */
export type AllocatorMessage =
  | { readonly type: 'register-capabilities'; readonly capabilities: Capabilities; readonly replyTo: ActorRef<undefined> }
  | { readonly type: 'check-room'; readonly required: Capabilities; readonly replyTo: ActorRef<boolean> };

/**
 * The table behind the Allocator actor: outlives each of its incarnations, so that a crash forgets no claim and no request. Runs call it
 * within their own turn; what it decides they hear within the same.
 */
export class AllocationTable {
  readonly ledger: Ledger;
  readonly #allocation: Allocation;
  readonly #self: Member;
  readonly #neighbours: Neighbours;
  readonly #runs = new Map<string, Placed>();
  readonly #clock: Clock;
  readonly #heldBytes: () => number;
  #asked: { readonly runId: string; readonly index: number; readonly kind: ClaimKind }[] = [];
  /** What was lent and is wanted back, in the order of asking. */
  readonly #takenBack = new Set<{ readonly claim: ClaimKind; readonly told: () => void }>();
  #pumping = false;
  #again = false;
  #isHeld = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #open = true;

  /** `heldBytes`: what the values on this node occupy. */
  constructor(self: Member & { readonly room: Ledger }, clock: Clock, heldBytes: () => number = () => 0) {
    this.ledger = self.room;
    this.#self = self;
    this.#neighbours = new Neighbours(self.name);
    this.#allocation = new Allocation([self]);
    this.#clock = clock;
    this.#heldBytes = heldBytes;
  }

  /** Every node that functions can be placed on: this one, then the others by name. */
  get members(): readonly Member[] {
    return [this.#self, ...this.#neighbours.members];
  }

  /** Something changed in the membership; after a loss to be followed by `pump`, once what was there has been given up. */
  heard(event: MemberEvent): void {
    if (this.#neighbours.heard(event)) this.#allocation.changed(this.members);
    if (event.type !== 'member-left' && event.type !== 'member-lost') this.pump();
  }

  /** A node that declined said how it stands; to be followed by `pump`. */
  declined(node: string, usage: Usage, claim: Claim): void {
    this.#neighbours.refused(node, usage, claim);
  }

  enrol(run: Placed): void {
    this.#runs.set(run.runId, run);
    this.#allocation.enrol(run);
  }

  leave(runId: string): void {
    this.#runs.delete(runId);
    this.#allocation.leave(runId);
  }

  /** See `Allocation.impossible`. */
  impossible(kind: ClaimKind, functionId: string): ReturnType<Allocation['impossible']> {
    return this.#allocation.impossible(kind, functionId);
  }

  /** The latest to go of those nodes that could have held a kind which none can hold now; `undefined` while one can, or if none ever could. */
  goneNodeFor(kind: ClaimKind): string | undefined {
    if (this.#allocation.impossible(kind, '') === undefined) return undefined;
    const could = this.#neighbours.goneThatCouldHold(kind.group?.claims ?? [kind]);
    return kind.only === undefined ? could.at(-1) : could.find((name) => name === kind.only);
  }

  /** Asks for a claim; to be followed by `pump` once the caller's turn is over. */
  request(runId: string, index: number, kind: ClaimKind): void {
    this.#allocation.request(runId, index, kind);
    this.#asked.push({ runId, index, kind });
  }

  /** Takes back what was asked for and has not been granted. */
  withdraw(runId: string, index: number, kind: ClaimKind): void {
    this.#allocation.withdraw(runId, index, kind);
  }

  /** See `Allocation.shortOf`. */
  shortOf(kind: ClaimKind): Capabilities {
    return this.#allocation.shortOf(kind);
  }

  /** A node has another module than this one: it can hold no such claim, nor any of its group, which is placed anew. To be followed by `pump`. */
  codeDiffers(kind: ClaimKind, node: string, module: string): void {
    const { group } = kind;
    for (const claim of group?.claims ?? [kind]) if (claim.modules?.includes(module)) claim.differs?.set(node, module);
    if (group?.node === node) group.node = undefined;
    this.#allocation.changed();
  }

  /** Gives a claim back, or only says that it is over where it `isLent`; to be followed by `pump`. */
  free(runId: string, node: string, claim: ClaimKind, isLent = false): void {
    this.#allocation.free(runId, node, claim, isLent);
  }

  /** Whoever holds a claim of this node waits for something: others may have it. */
  lend(claim: ClaimKind): void {
    this.ledger.free(claim);
    this.pump();
  }

  /** Calls `told` when the claim that was lent is held again: before anybody else gets what is free. Returns how to give it up. */
  takeBack(claim: ClaimKind, told: () => void): () => void {
    const asked = { claim, told };
    this.#takenBack.add(asked);
    this.pump();
    return () => void this.#takenBack.delete(asked);
  }

  /** A function has made a value on a node: small ones are counted where they lie, now and then. */
  made(node: string, sizeBytes: number): void {
    if (sizeBytes < LARGE_BYTES) return;
    const room = node === this.#self.name ? this.ledger : this.#neighbours.roomOf(node);
    room?.grows(sizeBytes);
  }

  register(capabilities: Capabilities): void {
    this.ledger.register(capabilities);
    this.#allocation.changed();
    this.pump();
  }

  /** From now on nothing is granted any more: the node drains. */
  drain(): void {
    this.#open = false;
  }

  /** What `work` frees is granted when all of it is done: each `pump` within costs more than the grant of one claim. */
  together(work: () => void): void {
    if (this.#isHeld) return work();
    this.#isHeld = true;
    try {
      work();
    } finally {
      this.#isHeld = false;
      if (this.#again) this.pump();
    }
  }

  /** Grants what can be granted and tells the runs. A call from within a grant is served when that one is done. */
  pump(): void {
    this.#again = true;
    if (!this.#isHeld) this.pumpNow();
  }

  /** As `pump`, also within `together`: for who must know at once. */
  pumpNow(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      if (this.#takenBack.size > 0) this.#giveBack();
      while (this.#again && this.#open) {
        this.#again = false;
        if (this.#takenBack.size > 0) this.#giveBack();
        const nowMs = this.#clock.now();
        if (nowMs - this.#lookedAtMs >= LOOK_MS) {
          this.#lookedAtMs = nowMs;
          this.ledger.holds(this.#heldBytes());
        }
        for (const answer of this.#allocation.pump(nowMs)) this.#deliver(answer);
      }
      this.#tellWaiting();
    } finally {
      this.#pumping = false;
    }
  }

  #giveBack(): void {
    for (const asked of [...this.#takenBack]) {
      if (!this.#takenBack.has(asked) || !this.ledger.takeBack(asked.claim)) continue;
      this.#takenBack.delete(asked);
      asked.told();
    }
  }

  #deliver(answer: Answer): void {
    const run = this.#runs.get(answer.runId);
    if (answer.type === 'refused') run?.refused(answer.index, answer.error);
    else if (run) run.granted(answer.index, answer.node, answer.claim, answer.mayQueue);
    else this.#allocation.free(answer.runId, answer.node, answer.claim);
  }

  #tellWaiting(): void {
    if (this.#asked.length === 0) return;
    const asked = this.#asked;
    this.#asked = [];
    // Functions that are alike wait for the same; those of one run mostly asked one after the other.
    const shortOf = new Map<ClaimKind, Capabilities>();
    for (let at = 0; at < asked.length; ) {
      const { runId, kind } = asked[at]!;
      const run = this.#runs.get(runId);
      const indices: number[] = [];
      for (; at < asked.length && asked[at]!.runId === runId && asked[at]!.kind === kind; at += 1) {
        if (run?.isReady(asked[at]!.index)) indices.push(asked[at]!.index);
      }
      if (!run || indices.length === 0) continue;
      let lacking = shortOf.get(kind);
      if (!lacking) {
        lacking = this.#allocation.shortOf(kind);
        shortOf.set(kind, lacking);
      }
      run.wait(indices, lacking);
    }
  }
}

/** The supervised actor: answers what other actors and nodes ask of this node's resources. */
export const startAllocator = (parent: Parent, table: AllocationTable): Promise<ActorRef<AllocatorMessage>> =>
  spawnActor<AllocatorMessage>(
    parent,
    (_state, message) => {
      switch (message.type) {
        case 'register-capabilities':
          table.register(message.capabilities);
          tell(message.replyTo, undefined);
          return undefined;
        case 'check-room':
          tell(message.replyTo, table.ledger.hasResources(amounts(message.required)));
          return undefined;
      }
    },
    { name: 'Allocator' },
  );
