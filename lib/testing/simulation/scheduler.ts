import TinyQueue from 'tinyqueue';
import type { Clock, Timer } from '../../base/index.js';

/** The machine's own, taken before it is replaced. */
const realTurn = globalThis.setImmediate;

/** The wall-clock time at which virtual time begins. No decision may depend on it. */
const WALL_START_MS = Date.UTC(2026, 0, 1);

/** If more things than this happen without time moving, they go in a circle. The largest scenarios of ours have some 10,000. */
const MOST_AT_ONCE = 200_000;

interface Task {
  readonly atMs: number;
  readonly order: number;
  action: (() => void) | undefined;
}

const byTime = (a: Task, b: Task): number => a.atMs - b.atMs || a.order - b.order;

/** Thrown if a scenario waits for something that will never happen, or longer than it may, or goes in a circle while time stands still. */
export class SimulationStuck extends Error {}

/**
 * Runs everything in a simulation, one thing after the other. The seed chooses among what could happen now, since a strict order would hide
 * races. When nothing can happen, time jumps to the next timer.
 *
 * Between two things every promise that can continue does, on the machine's own loop. So exactly one node is at work at any moment.
 */
export class Scheduler {
  readonly clock: Clock;
  readonly #random: () => number;
  readonly #limitMs: number;
  readonly #mostAtOnce: number;
  readonly #ready: Task[] = [];
  readonly #timers = new TinyQueue<Task>([], byTime);
  readonly #outside = new Set<Promise<unknown>>();
  #pending = 0;
  #nowMs = 0;
  #count = 0;
  /** How many things have happened since time moved. */
  #atOnce = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Called after each thing that happened. An error it throws ends the simulation. */
  onStep: () => void = () => {};

  /** `limitMs` limits the virtual time, `mostAtOnce` what happens at one moment of it. */
  constructor(random: () => number, limitMs: number, mostAtOnce = MOST_AT_ONCE) {
    this.#random = random;
    this.#limitMs = limitMs;
    this.#mostAtOnce = mostAtOnce;
    this.clock = {
      now: () => this.#nowMs,
      wallNow: () => WALL_START_MS + this.#nowMs,
      after: (delayMs, action) => this.after(delayMs, action),
    };
  }

  /** How many things have happened. */
  get steps(): number {
    return this.#count;
  }

  /** How many things are still to happen: requested turns and set timers. */
  get pending(): number {
    return this.#pending;
  }

  /** Calls `action` once, `delayMs` from now. */
  after(delayMs: number, action: () => void): Timer {
    const task = this.#task(this.#nowMs + Math.max(0, delayMs), action);
    this.#timers.push(task);
    return { cancel: () => this.#cancel(task) };
  }

  /** Calls `action` soon, in a turn of its own. */
  readonly defer = (action: () => void): Timer => {
    const task = this.#task(this.#nowMs, action);
    this.#ready.push(task);
    return { cancel: () => this.#cancel(task) };
  };

  /** Awaits work from outside of the simulation. Nothing else happens meanwhile, and it takes no virtual time. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    // One at a time, so that the machine does not decide which comes first.
    const before = [...this.#outside];
    const own = Promise.allSettled(before).then(work);
    this.#outside.add(own);
    try {
      return await own;
    } finally {
      this.#outside.delete(own);
    }
  }

  /** Runs until `done` has settled. Throws what a step threw, or `SimulationStuck`. */
  async until(done: Promise<unknown>): Promise<void> {
    let isDone = false;
    const settle = (): void => {
      isDone = true;
    };
    done.then(settle, settle);
    for (;;) {
      await this.#quiet();
      if (this.#failure) throw this.#failure.error;
      if (isDone) return;
      this.#step();
      this.onStep();
    }
  }

  /** Runs what is still to happen now. Throws if a timer is left for later: its owner forgot it. */
  async rest(): Promise<void> {
    for (;;) {
      await this.#quiet();
      if (this.#failure) throw this.#failure.error;
      const at = this.#ready.findIndex(({ action }) => action !== undefined);
      if (at < 0) break;
      const [task] = this.#ready.splice(at, 1);
      const action = task!.action!;
      this.#cancel(task!);
      this.#countOne();
      action();
    }
    if (this.#pending > 0) throw new Error(`${this.#pending} timers are left over`);
  }

  /** Records the failure of a step that nothing awaits. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #task(atMs: number, action: () => void): Task {
    this.#count += 1;
    this.#pending += 1;
    return { atMs, order: this.#count, action };
  }

  #cancel(task: Task): void {
    if (!task.action) return;
    task.action = undefined;
    this.#pending -= 1;
  }

  /** Waits until every promise that can continue has done so. */
  async #quiet(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => void realTurn(resolve));
      if (this.#outside.size === 0) return;
      await Promise.allSettled(this.#outside);
    }
  }

  #step(): void {
    const action = this.#next();
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  #next(): () => void {
    for (;;) {
      if (this.#ready.length === 0) this.#advance();
      const at = Math.floor(this.#random() * this.#ready.length);
      const task = this.#ready[at]!;
      this.#ready[at] = this.#ready.at(-1)!;
      this.#ready.pop();
      const { action } = task;
      if (!action) continue;
      this.#cancel(task);
      this.#countOne();
      return action;
    }
  }

  #countOne(): void {
    this.#atOnce += 1;
    if (this.#atOnce <= this.#mostAtOnce) return;
    const when = `at ${this.#nowMs.toFixed(2)} ms, ${this.#mostAtOnce.toLocaleString('en')} things have happened`;
    throw new SimulationStuck(`virtual time stands still: ${when}, so something goes in a circle`);
  }

  /** Moves time to the next timer. Timers of one moment may run in any order. */
  #advance(): void {
    while (this.#ready.length === 0) {
      const first = this.#timers.pop();
      if (!first) throw new SimulationStuck('nothing is left that could happen');
      if (!first.action) continue;
      if (first.atMs > this.#limitMs) throw new SimulationStuck(`it has not ended within ${this.#limitMs / 60_000} virtual minutes`);
      if (first.atMs > this.#nowMs) {
        this.#nowMs = first.atMs;
        this.#atOnce = 0;
      }
      this.#ready.push(first);
      while ((this.#timers.peek()?.atMs ?? Number.POSITIVE_INFINITY) <= this.#nowMs) this.#ready.push(this.#timers.pop()!);
    }
  }
}
