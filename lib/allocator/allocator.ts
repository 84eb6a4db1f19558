import { type ActorRef, type Parent, spawnActor, tell } from '../actor/index.js';
import { type Clock, type HandoffError, type Logger, silentLogger, type Timer, Trampoline } from '../base/index.js';
import type { MemberEvent } from '../nodes/index.js';
import type { Capacity, Claim } from './capacity/capacity.js';
import type { Ledger } from './capacity/ledger.js';
import { NO_LOAD, type ValueLoad } from './capacity/memory.js';
import { RemoteNodes } from './capacity/remote-nodes.js';
import { amounts } from './capacity/resources.js';
import type { UsageReport } from './capacity/usage-report.js';
import { ValueLoadWatch } from './capacity/value-load-watch.js';
import { type PlacementAnswer, type PlacementClient, Placer } from './placement/placer.js';
import { StrategyWaits } from './placement/strategy-waits.js';
import type { ClaimClass, PlacementNode } from './queue/claim-class.js';
import { ClaimQueue } from './queue/claim-queue.js';
import { CommonClasses } from './queue/common-classes.js';
import type { Capabilities } from './strategy.js';

const LARGE_BYTES = 16 * 1024;

/** On how many nodes it is told what a claim lacks. */
const NODES_TOLD = 100;

/**
 * The table behind the Allocator actor. It outlives each of its incarnations, so a crash forgets no claim and no request. Runs call it
 * within their own turn, and it calls them back within the same.
 */
export class Allocator {
  readonly ledger: Ledger;
  readonly #queue: ClaimQueue<AllocatorClient>;
  readonly #placer: Placer<AllocatorClient>;
  readonly #waits = new StrategyWaits<AllocatorClient>();
  /** The timer after which strategies that let functions wait are asked again. */
  #askAgain: { readonly atMs: number; readonly timer: Timer } | undefined;
  readonly #self: PlacementNode;
  readonly #neighbours: RemoteNodes;
  readonly #runs = new Map<string, AllocatorClient>();
  /** The classes of claims that are the same in all runs. */
  readonly commonClasses = new CommonClasses();
  readonly #clock: Clock;
  /** What the values of this node take. */
  readonly load: ValueLoadWatch;
  readonly #logger: Logger;
  #asked: { readonly runId: string; readonly index: number; readonly kind: ClaimClass }[] = [];
  /** Lent claims that are wanted back, in the order of asking. */
  readonly #takenBack = new Set<{ readonly claim: ClaimClass; readonly told: () => void }>();
  /** Runs call back from within a grant. What they request then is granted in the next pass. */
  readonly #passes = new Trampoline();
  #isHeld = false;
  #open = true;

  /** `measure` returns what the values on this node take; by default nothing. `aheadSlots`: see `ClaimQueue`. */
  constructor(
    self: PlacementNode & { readonly capacity: Ledger },
    clock: Clock,
    measure: () => ValueLoad = () => NO_LOAD,
    logger: Logger = silentLogger,
    aheadSlots?: ReadonlySet<string>,
  ) {
    this.ledger = self.capacity;
    this.#self = self;
    this.#neighbours = new RemoteNodes(self.name);
    this.#queue = new ClaimQueue([self], aheadSlots);
    this.#placer = new Placer(this.#queue, this.#waits);
    this.#logger = logger;
    this.#clock = clock;
    this.load = new ValueLoadWatch(this.ledger, clock, measure, () => this.pump());
  }

  /** Every node that functions can be placed on: this one, then the others by name. */
  get members(): readonly PlacementNode[] {
    return [this.#self, ...this.#neighbours.members];
  }

  /** Applies a change of the membership. After a loss call `pump` once the claims there have been given up. */
  heard(event: MemberEvent): void {
    if (this.#neighbours.applyMemberEvent(event, this.#clock.now())) this.#queue.changed(this.members);
    if (event.type !== 'member-left' && event.type !== 'member-lost') this.pump();
  }

  /** A node that declined has reported its use. Call `pump` afterwards. */
  declined(node: string, usage: UsageReport, claim: Claim): void {
    this.#neighbours.refused(node, usage, claim);
    this.#queue.capabilitiesTold();
  }

  /**
   * A node did not run a function, for no known reason; `isSilent` means that it did not answer. Nothing is placed there for a while: half
   * a second at first, twice as long with each repetition, at most 30 s, which a silent node gets at once. Call `pump` afterwards.
   */
  turnedDown(node: string, claim: Claim, isSilent: boolean): void {
    this.#neighbours.turnedDown(node, claim, isSilent, this.#clock.now());
  }

  /** A node has run a function to its end. */
  served(node: string): void {
    this.#neighbours.served(node);
  }

  /** Whether nothing is placed on a node for a while, as it did not run a function. */
  isResting(node: string): boolean {
    return this.#neighbours.isResting(node);
  }

  /** Whether there is such a node. */
  get isAnyResting(): boolean {
    return this.#neighbours.isAnyResting;
  }

  addRun(run: AllocatorClient): void {
    this.#runs.set(run.runId, run);
    this.#queue.addRun(run);
  }

  removeRun(runId: string): void {
    const run = this.#runs.get(runId);
    if (run) this.#waits.removeRun(run);
    this.#runs.delete(runId);
    this.#queue.removeRun(runId);
  }

  /** See `ClaimQueue.impossible`. */
  impossible(kind: ClaimClass, functionId: string): HandoffError | undefined {
    return this.#queue.impossible(kind, functionId);
  }

  /**
   * Returns the node to wait for, for a class that no member can hold now. That is the latest former member that could have held it, or a
   * member that could and rests after it did not run a function. `undefined` while another member can, or if none ever could.
   */
  goneNodeFor(kind: ClaimClass): string | undefined {
    const able = this.#queue.ableNodes(kind);
    if (able.length > 0) return able.every((name) => this.#neighbours.isResting(name)) ? able.at(-1) : undefined;
    const could = this.#neighbours.goneThatCouldHold(kind.group?.claims ?? [kind]);
    return kind.pinnedTo === undefined ? could.at(-1) : could.find((name) => name === kind.pinnedTo);
  }

  /** Requests a claim. Call `pump` once the caller's turn is over. */
  request(runId: string, index: number, kind: ClaimClass): void {
    this.#queue.request(runId, index, kind);
    this.#asked.push({ runId, index, kind });
  }

  /** Withdraws a request that has not been granted. */
  withdraw(runId: string, index: number, kind: ClaimClass): void {
    this.#queue.withdraw(runId, index, kind);
  }

  /** Withdraws all requests of a run that have not been granted. */
  withdrawAll(runId: string): void {
    this.#asked = this.#asked.filter((asked) => asked.runId !== runId);
    this.#queue.withdrawAll(runId);
  }

  /** Returns what a claim lacks on the first node that could hold it. */
  lackOf(kind: ClaimClass): Capabilities {
    return this.#queue.shortOf(kind, 'lackOf');
  }

  /** Returns what is missing for a claim on each member that could ever hold it, at most a hundred; nothing where there is room. */
  lackingFor(kind: ClaimClass): { readonly node: string; readonly lacking: Capabilities }[] {
    const able = new Set(this.#queue.ableNodes(kind).slice(0, NODES_TOLD));
    return this.members.filter(({ name }) => able.has(name)).map(({ name, capacity }) => ({ node: name, lacking: capacity.lackOf(kind) }));
  }

  /**
   * A node has a different module than this one. It can hold no such claim, nor any of its group, which is placed anew. Call `pump`
   * afterwards.
   */
  codeDiffers(kind: ClaimClass, node: string, module: string): void {
    this.#queue.codeDiffers(kind, node, module);
  }

  /** See `ClaimQueue.adopt`. */
  adopt(runId: string, node: string, claim: ClaimClass): void {
    this.#queue.adopt(runId, node, claim);
  }

  /** Frees a claim; if it `isLent`, only records that it is over. Call `pump` afterwards. */
  free(runId: string, node: string, claim: ClaimClass, isLent = false): void {
    this.#queue.free(runId, node, claim, isLent);
  }

  /** See `ClaimQueue.begun`. */
  begun(runId: string, index: number, node: string, claim: ClaimClass): void {
    this.#queue.begun(runId, index, node, claim);
  }

  /** See `ClaimQueue.freeAhead`. Call `pump` afterwards. */
  freeAhead(runId: string, index: number): void {
    this.#queue.freeAhead(runId, index);
  }

  /** Lends a claim of this node, as its holder waits for something else. */
  lend(claim: ClaimClass): void {
    this.ledger.free(claim);
    this.pump();
  }

  /** Calls `told` when a lent claim is held again; it comes before all new grants. Returns a function that gives up. */
  takeBack(claim: ClaimClass, told: () => void): () => void {
    const asked = { claim, told };
    this.#takenBack.add(asked);
    this.pump();
    return () => void this.#takenBack.delete(asked);
  }

  /** A function has made a value on a node. Small ones are counted at the next measurement. */
  made(node: string, sizeBytes: number): void {
    if (sizeBytes < LARGE_BYTES) return;
    this.#capacityOf(node)?.addValueBytes(sizeBytes);
  }

  #capacityOf(node: string): Capacity | undefined {
    return node === this.#self.name ? this.ledger : this.#neighbours.roomOf(node);
  }

  register(capabilities: Capabilities): void {
    this.ledger.register(capabilities);
    this.#queue.changed();
    this.pump();
  }

  /** From now on nothing is granted: the node drains. */
  drain(): void {
    this.#open = false;
    this.#askAgain?.timer.cancel();
    this.load.close();
    this.#recallAll('everywhere');
  }

  /** Grants what `work` frees once all of it is done: each `pump` within costs more than the grant of one claim. */
  together(work: () => void): void {
    if (this.#isHeld) return work();
    this.#isHeld = true;
    try {
      work();
    } finally {
      this.#isHeld = false;
      if (this.#passes.isWanted) this.pump();
    }
  }

  /** Grants what can be granted and calls the runs. A call from within a grant is served when that one is done. */
  pump(): void {
    if (this.#isHeld) this.#passes.want();
    else this.pumpNow();
  }

  /** Like `pump`, but not deferred by `together`; for callers that need the answer now. */
  pumpNow(): void {
    if (!this.#passes.enter()) return;
    try {
      if (this.#takenBack.size > 0 || this.#queue.ahead.isHeld) this.#giveBack();
      while (this.#open && this.#passes.next()) {
        if (this.#takenBack.size > 0 || this.#queue.ahead.isHeld) this.#giveBack();
        const nowMs = this.#clock.now();
        this.load.look(nowMs);
        for (const answer of this.#placer.placeAll(nowMs)) this.#deliver(answer);
        if (this.#waits.size > 0) this.#tellOfWaits(nowMs);
      }
      this.#tellWaiting();
    } finally {
      this.#passes.leave();
    }
  }

  /** Where a lent claim waits for resources nothing lies, as that would take over what it waits for. */
  #giveBack(): void {
    for (const asked of [...this.#takenBack]) {
      if (!this.#takenBack.has(asked) || !this.ledger.takeBack(asked.claim)) continue;
      this.#takenBack.delete(asked);
      asked.told();
    }
    const { ahead } = this.#queue;
    ahead.isHeld = [...this.#takenBack].some(({ claim }) => claim.cost.size > 0);
    if (ahead.isHeld) this.#recallAll('here');
  }

  #recallAll(where: 'here' | 'everywhere'): void {
    for (const recalled of this.#queue.ahead.recallAll(where)) this.#deliver(recalled);
  }

  #deliver(answer: PlacementAnswer<AllocatorClient>): void {
    const { client, index } = answer;
    // Another answer, or a strategy, may have ended the run since.
    const isHere = this.#runs.get(client.runId) === client;
    if (answer.type === 'recalled') {
      if (isHere) client.ahead?.recalled(index);
    } else if (answer.type === 'promoted') {
      if (isHere && client.ahead?.promoted(index)) return;
      this.#capacityOf(answer.node)?.free(answer.claim);
      this.#passes.want();
    } else if (answer.type === 'granted' && answer.isAhead) {
      if (isHere) client.ahead?.lies(index);
      if (isHere) client.granted(index, answer.node, answer.claim, answer.mayQueue);
      else this.#queue.freeAhead(client.runId, index);
    } else if (answer.type === 'granted') {
      if (isHere) client.granted(index, answer.node, answer.claim, answer.mayQueue);
      else this.#queue.free(client.runId, answer.node, answer.claim);
    } else if (isHere) client.refused(index, answer.error);
  }

  /** Logs strategies that wait, as they delay their runs, and schedules the time to ask them again. */
  #tellOfWaits(nowMs: number): void {
    for (const { client, index, waitedMs } of this.#waits.endPass(nowMs)) {
      const { runId, dagId, strategy } = client;
      const fields = { runId, dagId, functionId: client.functionId(index), strategy: strategy.name, waitedMs };
      this.#logger.warn(fields, 'a function waits although a node has room for it: its strategy chooses none that has');
    }
    const atMs = this.#waits.nextAskAtMs;
    if (atMs === undefined || (this.#askAgain && this.#askAgain.atMs <= atMs)) return;
    this.#askAgain?.timer.cancel();
    const timer = this.#clock.after(atMs - nowMs, () => {
      this.#askAgain = undefined;
      this.pump();
    });
    this.#askAgain = { atMs, timer };
  }

  #tellWaiting(): void {
    if (this.#asked.length === 0) return;
    const asked = this.#asked;
    this.#asked = [];
    // Functions that are alike wait for the same; those of one run usually asked one after the other.
    let shortOf: Map<ClaimClass, Capabilities> | undefined;
    for (let at = 0; at < asked.length; ) {
      const { runId, kind } = asked[at]!;
      const run = this.#runs.get(runId);
      let indices: number[] | undefined;
      for (; at < asked.length && asked[at]!.runId === runId && asked[at]!.kind === kind; at += 1) {
        if (!run?.isReady(asked[at]!.index)) continue;
        indices ??= [];
        indices.push(asked[at]!.index);
      }
      if (!run || !indices) continue;
      const lacking = shortOf?.get(kind) ?? this.#queue.shortOf(kind);
      shortOf = (shortOf ?? new Map<ClaimClass, Capabilities>()).set(kind, lacking);
      run.wait(indices, lacking);
    }
  }
}

/** Starts the supervised Allocator. It answers questions about this node's resources. */
export const startAllocator = (parent: Parent, table: Allocator): Promise<ActorRef<AllocatorMessage>> =>
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

/** The callbacks of a run, called within the turn in which the allocator decides. */
export interface AllocatorClient extends PlacementClient {
  granted(index: number, node: string, claim: ClaimClass, mayQueue: boolean): void;
  refused(index: number, error: Error): void;
  /** Whether the function still waits after everything possible was granted. */
  isReady(index: number): boolean;
  /** Announces what some of its functions, which are alike, wait for. */
  wait(indices: readonly number[], lacking: Capabilities): void;
}

/** Questions to the Allocator. */
export type AllocatorMessage =
  | { readonly type: 'register-capabilities'; readonly capabilities: Capabilities; readonly replyTo: ActorRef<undefined> }
  | { readonly type: 'check-room'; readonly required: Capabilities; readonly replyTo: ActorRef<boolean> };
