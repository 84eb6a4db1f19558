import TinyQueue from 'tinyqueue';
import {
  Allocator,
  type AllocatorClient,
  type ClaimClass,
  Ledger,
  slotEntries,
  strategies,
  type Urgency,
} from '../../lib/allocator/index.js';
import { type Clock, doAtOnce } from '../../lib/base/index.js';
import { type Plan, remainingPaths } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { isSettled, newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { RunOrder } from '../../lib/runner/run/run-order.js';
import { claimClasses } from '../../lib/runner/runs/claim-classes.js';

/** The orders that can be compared: the engine's; the longest remaining path first, a list schedule; depth first whatever it costs. */
export type OrderName = 'engine' | 'longest path' | 'depth first';

/** What is scheduled, on what. */
export interface BrainsGiven {
  readonly plan: Plan;
  readonly nodes: number;
  readonly cpusEach: number;
  /** The name of one of the engine's own. */
  readonly strategy: keyof typeof strategies;
  readonly lastsMs: (index: number) => number;
  /** What the engine believes beforehand. The default is the truth. */
  readonly estimateMs?: (index: number) => number;
  /** The default is the engine's. */
  readonly order?: OrderName;
}

const RUN = 'r';

/** The brains of one run, its driver's allocator and every node's ledger, on virtual time: no links, no beats, no actors, no functions. */
export class BrainsOnly implements AllocatorClient {
  readonly runId = RUN;
  readonly dagId: string;
  readonly strategy;
  readonly takesAnyRoom = true;
  readonly maxConcurrency = Number.POSITIVE_INFINITY;
  readonly urgency: Urgency | undefined;
  /** When each function ended, virtual ms. */
  readonly endMs: Float64Array;
  readonly #plan: Plan;
  readonly #lastsMs: (index: number) => number;
  readonly #compare: (a: number, b: number) => number;
  readonly #kinds: readonly ClaimClass[];
  readonly #state: RunState;
  readonly #allocation: Allocator;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #ends = new TinyQueue<{ readonly index: number; readonly atMs: number }>([], (a, b) => a.atMs - b.atMs || a.index - b.index);
  readonly #happenings: RunHappening[] = [];
  #nowMs = 0;

  constructor({ plan, nodes, cpusEach, strategy, lastsMs, estimateMs = lastsMs, order = 'engine' }: BrainsGiven) {
    this.#plan = plan;
    this.#lastsMs = lastsMs;
    this.dagId = plan.dagId;
    this.strategy = strategies[strategy]();
    this.endMs = new Float64Array(plan.size);
    const names = Array.from({ length: nodes }, (_, at) => `n${at + 1}`);
    for (const name of names) this.#ledgers.set(name, new Ledger({ cpu: cpusEach }, { thread: 1, loop: cpusEach }));
    const clock: Clock = { now: () => this.#nowMs, wallNow: () => this.#nowMs, after: () => ({ cancel: () => {} }) };
    const [self, ...others] = names as [string, ...string[]];
    this.#allocation = new Allocator({ name: self, isSelf: true, isOpen: true, capacity: this.#ledgers.get(self)! }, clock);
    for (const name of others) {
      this.#allocation.heard({
        type: 'member-beat',
        member: { name, incarnation: name, address: undefined, status: 'up', reach: 'linked' },
        content: {
          capabilities: [['cpu', cpusEach], ...slotEntries(Object.entries({ thread: 1, loop: cpusEach }))],
          used: [],
          byDriver: [],
          running: 0,
          queued: 0,
          blocked: 0,
          heldBytes: 0,
          diskBytes: 0,
          ...{ memoryLimitBytes: 0, rememberedBytes: 0, rememberedResults: 0, rememberedHits: 0 },
          limitBytes: Number.MAX_SAFE_INTEGER,
          isSpilling: false,
          log: 'ok',
        },
      });
    }
    this.#kinds = doAtOnce(claimClasses(plan, { node: self, local: false, threadCost: {} }));
    const collected = new Uint8Array(plan.size);
    this.#state = newRunState(RUN, plan.shape, { maxRetries: 0, onFailure: 'abort', collected, stopGraceMs: 0 });
    const paths = doAtOnce(remainingPaths(plan, estimateMs));
    const meanMs = plan.specs.reduce((sum, _, index) => sum + estimateMs(index), 0) / plan.size;
    const engine = new RunOrder(plan, { paths, positions: plan.positions, meanMs }, this.#state);
    this.urgency = order === 'engine' ? engine : undefined;
    this.#compare = order === 'longest path' ? (a, b) => paths[b]! - paths[a]! || a - b : (a, b) => engine.compare(a, b);
  }

  /** Virtual ms from the first function to the end of the last. */
  run(): number {
    this.#allocation.addRun(this);
    this.#feed({ type: 'run-begun' });
    for (;;) {
      this.#work();
      const end = this.#ends.pop();
      if (!end) break;
      this.#nowMs = end.atMs;
      this.#end(end.index);
    }
    const { phase, counts } = this.#state;
    if (phase !== 'ended' || !isSettled(this.#state)) throw new Error(`the run stands still: ${counts.succeeded} functions have ended`);
    return this.#nowMs;
  }

  functionId(index: number): string {
    return this.#plan.ids[index]!;
  }

  compare(a: number, b: number): number {
    return this.#compare(a, b);
  }

  granted(index: number, node: string, claim: ClaimClass, mayQueue: boolean): void {
    // Throws where the driver believes in room that is not there.
    if (node !== 'n1') this.#ledgers.get(node)!.take(claim);
    this.#feed({ type: 'function-placed', index, node, mayQueue });
    this.#feed({ type: 'attempt-started', index, attempt: 1 });
  }

  refused(_index: number, error: Error): void {
    throw error;
  }

  isReady(index: number): boolean {
    return this.#state.states[index] === 'ready';
  }

  wait(): void {}

  #end(index: number): void {
    this.endMs[index] = this.#nowMs;
    const node = this.#state.nodes[index]!;
    // The driver's own ledger is the one that its allocator has.
    if (node !== 'n1') this.#ledgers.get(node)!.free(this.#kinds[index]!);
    const receipt = { node, sizeBytes: 0, tookMs: this.#lastsMs(index), isHere: true };
    this.#feed({ type: 'attempt-succeeded', index, attempt: 1, receipt });
  }

  #feed(happening: RunHappening): void {
    this.#happenings.push(happening);
  }

  #work(): void {
    do {
      const commands: RunCommand[] = [];
      const moment = { nowMs: this.#nowMs, wallMs: this.#nowMs };
      for (const happening of this.#happenings.splice(0)) stepRun(this.#state, happening, moment, commands);
      for (const command of commands) this.#perform(command);
      this.#allocation.pump();
    } while (this.#happenings.length > 0);
  }

  #perform(command: RunCommand): void {
    if (command.type === 'request-claim') this.#allocation.request(RUN, command.index, this.#kinds[command.index]!);
    else if (command.type === 'take-turn') this.#feed({ type: 'turn-taken' });
    else if (command.type === 'free-claim') this.#allocation.free(RUN, command.node, this.#kinds[command.index]!);
    else if (command.type === 'start-attempt') {
      this.#ends.push({ index: command.index, atMs: this.#nowMs + this.#lastsMs(command.index) });
    }
  }
}
