import TinyQueue from 'tinyqueue';
import { Allocator, type AllocatorClient, type ClaimClass, Ledger, slotEntries, strategies } from '../../lib/allocator/index.js';
import { type Clock, doAtOnce } from '../../lib/base/index.js';
import { compile, Dag, type DynamicDag, type Plan, remainingPaths } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { isSettled, newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { compareInRun } from '../../lib/runner/run/run-job.js';
import { claimClasses } from '../../lib/runner/runs/claim-classes.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';

/** What is scheduled on what. */
export interface ScaleShape {
  readonly nodes: number;
  readonly cpusEach: number;
  readonly functions: number;
  /** How many functions are in a layer; each takes the results of three of the layer before. */
  readonly width: number;
  /** The name of one of the engine's own. */
  readonly strategy: keyof typeof strategies;
}

/** What it came to: virtual and real ms, and how far the schedule is from what none can undercut. */
export interface ScaleOutcome {
  readonly makespanMs: number;
  readonly boundMs: number;
  readonly tookMs: number;
  /** What the process occupies at its end, the DAG included. */
  readonly residentBytes: number;
}

const RUN = 'r';
/** It is never called; a function of this process would be bound to the driver. */
const NOWHERE = { module: 'nowhere.js', name: 'nothing' };
const SHORTEST_MS = 1000;
const LONGEST_MS = 60_000;

/** Layers of functions that last between a second and a minute, at random but the same each time. */
export function randomLayers({ functions, width }: ScaleShape): DynamicDag {
  const random = seededRandom(1);
  const dag = Dag.dynamic('layers');
  const cost = { cpu: 1 };
  for (let index = 0; index < functions; index += 1) {
    const before = index - (index % width) - width;
    const args = before < 0 ? [] : Array.from({ length: 3 }, () => `f${before + Math.floor(random() * width)}`);
    const estimateMs = Math.round(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS));
    dag.add({ id: `f${index}`, code: NOWHERE, args, isolation: 'loop', cost, estimateMs });
  }
  return dag;
}

/** The brains of one run, its driver's allocator and every node's ledger, on virtual time: no links, no beats, no actors, no functions. */
class ScheduleOnly implements AllocatorClient {
  readonly runId = RUN;
  readonly dagId: string;
  readonly strategy;
  readonly takesAnyRoom = true;
  readonly maxConcurrency = Number.POSITIVE_INFINITY;
  readonly #plan: Plan;
  readonly #paths: Float64Array;
  readonly #kinds: readonly ClaimClass[];
  readonly #state: RunState;
  readonly #allocation: Allocator;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #ends = new TinyQueue<{ readonly index: number; readonly atMs: number }>([], (a, b) => a.atMs - b.atMs || a.index - b.index);
  readonly #happenings: RunHappening[] = [];
  #nowMs = 0;

  constructor(plan: Plan, { nodes, cpusEach, strategy }: ScaleShape) {
    this.#plan = plan;
    this.dagId = plan.dagId;
    this.strategy = strategies[strategy]();
    this.#paths = doAtOnce(remainingPaths(plan, (index) => this.#lastsMs(index)));
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
          log: 'ok',
        },
      });
    }
    this.#kinds = doAtOnce(claimClasses(plan, { node: self, local: false, threadCost: {} }));
    const collected = new Uint8Array(plan.size);
    this.#state = newRunState(RUN, plan.shape, { maxRetries: 0, onFailure: 'abort', collected, stopGraceMs: 0 });
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
      const node = this.#state.nodes[end.index]!;
      // The driver's own ledger is the one that its allocator has.
      if (node !== 'n1') this.#ledgers.get(node)!.free(this.#kinds[end.index]!);
      const receipt = { node, sizeBytes: 0, tookMs: this.#lastsMs(end.index), isHere: true };
      this.#feed({ type: 'attempt-succeeded', index: end.index, attempt: 1, receipt });
    }
    const { phase, counts } = this.#state;
    if (phase !== 'ended' || !isSettled(this.#state)) throw new Error(`the run stands still: ${counts.succeeded} functions have ended`);
    return this.#nowMs;
  }

  functionId(index: number): string {
    return this.#plan.ids[index]!;
  }

  compare(a: number, b: number): number {
    return compareInRun(this.#plan, this.#paths, a, b);
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

  #lastsMs(index: number): number {
    return this.#plan.specs[index]!.estimateMs!;
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

/** Schedules such a run. Takes so long as its brains do: nothing else is in the way. */
export function scheduleOnly(shape: ScaleShape): ScaleOutcome {
  const plan = compile(randomLayers(shape));
  const { nodes, cpusEach } = shape;
  const lasts = (index: number): number => plan.specs[index]!.estimateMs!;
  let workMs = 0;
  for (let index = 0; index < plan.size; index += 1) workMs += lasts(index);
  const pathMs = doAtOnce(remainingPaths(plan, lasts)).reduce((longest, one) => Math.max(longest, one), 0);
  const simulation = new ScheduleOnly(plan, shape);
  const startMs = performance.now();
  const makespanMs = simulation.run();
  const tookMs = performance.now() - startMs;
  return { makespanMs, boundMs: Math.max(pathMs, workMs / (nodes * cpusEach)), tookMs, residentBytes: process.memoryUsage().rss };
}
