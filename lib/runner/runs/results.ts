import { type Clock, doInTurns, type HandoffError, type RestOfWork } from '../../base/index.js';
import type { Plan, PlanShape } from '../../dag/index.js';
import type { ValueStore } from '../../store/index.js';
import type { StoredValue } from '../../value/index.js';
import type { RunFault } from '../brain/run-fault.js';
import type { RunState } from '../brain/run-state.js';
import { liveRunError } from '../run/live-errors.js';
import type { RunEnd } from './open-run.js';

/** Larger packed values are unpacked on first access, so that a run's end does not block the loop, bytes. */
const OPENED_AT_ONCE_BYTES = 64 * 1024;

/** Sets an own property, also for ids such as `__proto__`. */
function define(target: Record<string, unknown>, id: string, value: unknown): void {
  if (id !== '__proto__') target[id] = value;
  else Object.defineProperty(target, id, { value, writable: true, enumerable: true, configurable: true });
}

/** Returns a map of strings as an ordinary object. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const record: Record<string, T> = {};
  for (const [id, value] of entries) define(record, id, value);
  return record;
}

/** How many functions are collected in one turn of the event loop when a run ends. */
const COLLECTED_AT_ONCE = 10_000;

/**
 * The results of a run as an ordinary object, built in as many turns of the event loop as it needs. Small values are there at once. A large
 * packed one is an accessor that unpacks it on first access, and returns the same object from then on.
 */
export class Results {
  /** The functions whose values are there. */
  readonly ids: string[] = [];
  readonly values: Record<string, unknown> = {};
  readonly #plan: CollectedPlan;
  readonly #collected: Uint8Array;
  readonly #heldOf: (index: number) => StoredValue | undefined;
  readonly #freeze: boolean;
  readonly #keeper: ResultKeeper | undefined;
  /** Made for the first of them: most runs have small results alone. */
  #held: HeldResults | undefined;
  #next = 0;

  /** `keeper` keeps those that are not looked at yet. */
  constructor(
    plan: CollectedPlan,
    collected: Uint8Array,
    heldOf: (index: number) => StoredValue | undefined,
    freeze: boolean,
    keeper?: ResultKeeper,
  ) {
    this.#keeper = keeper;
    this.#plan = plan;
    this.#collected = collected;
    this.#heldOf = heldOf;
    this.#freeze = freeze;
  }

  /** Collects everything, after `before` is done. Calls `ended` once, perhaps now, with the `cause` if it failed. */
  collect(before: RestOfWork<void> | undefined, clock: Clock, ended: (collected: { readonly cause?: unknown }) => void): void {
    const failed = (cause: unknown): void => ended({ cause });
    const goOn = (): void => {
      try {
        if (!this.#goOn()) return void clock.after(0, goOn);
      } catch (cause) {
        return failed(cause);
      }
      return ended({});
    };
    if (before) void doInTurns(before).then(goOn, failed);
    else goOn();
  }

  /** Continues with as much as fits into a turn. Returns whether everything is collected. */
  #goOn(): boolean {
    const { ids, shape } = this.#plan;
    // What a run has added has no results of its own.
    const size = shape.added?.baseSize ?? shape.size;
    const end = Math.min(size, this.#next + COLLECTED_AT_ONCE);
    for (; this.#next < end; this.#next += 1) {
      if (this.#collected[this.#next] === 1) this.#take(this.#next, ids[this.#next]!);
    }
    return end === size;
  }

  #take(index: number, id: string): void {
    const held = this.#heldOf(index);
    if (!held) return;
    this.ids.push(id);
    const freeze = this.#freeze;
    if (!held.isPacked || (held.sizeBytes <= OPENED_AT_ONCE_BYTES && !held.isAway)) {
      try {
        return define(this.values, id, held.open(freeze));
      } catch {
        // Bytes from another node that cannot be unpacked: reading this result throws, and the run ends as it is.
      }
    }
    this.#held ??= this.#keeper && new HeldResults(this.#keeper, this.values);
    const kept = this.#held;
    kept?.hold(held);
    defineOnce(this.values, id, () => {
      const value = held.open(freeze);
      kept?.releaseResult(held);
      return value;
    });
  }
}

/** Results that their caller has not looked at. They are released once they were looked at, or cannot be any more. */
class HeldResults {
  readonly #keeper: ResultKeeper;
  readonly #held = new Map<StoredValue, () => void>();

  /** `results`: the object that they are looked at through. */
  constructor(keeper: ResultKeeper, results: object) {
    this.#keeper = keeper;
    keeper.resultHolders.add(this);
    unreachable.register(results, new WeakRef(this));
  }

  hold(value: StoredValue): void {
    if (!this.#held.has(value)) this.#held.set(value, this.#keeper.holdResult(value));
  }

  releaseResult(value: StoredValue): void {
    this.#held.get(value)?.();
    this.#held.delete(value);
    if (this.#held.size === 0) this.#keeper.resultHolders.delete(this);
  }

  releaseAll(): void {
    for (const value of this.#held.keys()) this.releaseResult(value);
  }
}

/**
 * Results objects that nothing refers to any more. What is registered must not lead to them: the store of a node has all that it did. So it
 * is the store that keeps the holders, and a node that has been stopped can be collected as a whole.
 */
const unreachable = new FinalizationRegistry<WeakRef<HeldResults>>((held) => held.deref()?.releaseAll());

/** Keeps results beyond their run. */
type ResultKeeper = Pick<ValueStore, 'holdResult' | 'resultHolders'>;

/** The functions of a run. */
type CollectedPlan = Pick<Plan, 'ids' | 'shape'>;

/** Up to this many functions, `allocations` is filled in when the run ends; above it, on first access. */
const ALLOCATIONS_AT_ONCE = 10_000;

/** The name of the node on which each function ran, by function id. */
export type Allocations = Record<string, string>;

/** Returns the end of a run that succeeded, with its last event. */
export function completedEnd(
  { runId, dagId, order, state }: EndedRun,
  results: Readonly<Record<string, unknown>>,
  durationMs: number,
  atMs: number,
): Extract<RunEnd, { type: 'completed' }> {
  const failures = failuresOf(state.tolerated);
  const outcome = { dagId, runId, results, allocations: {}, durationMs, failures };
  const { allocations } = outcome;
  const event = { type: 'run-completed', runId, dagId, atMs, durationMs, results, allocations, failures } as const;
  const { ids } = order.plan;
  const { nodes, absent, plan } = state;
  // A map has no attempts of its own, and what is absent is nowhere.
  const isLeftOut =
    plan.growth && ((index: number): boolean => nodes[index] === undefined || absent.has(index) || plan.growth!.maps.has(index));
  fillAllocations(outcome, event, ids, nodes, isLeftOut);
  return { type: 'completed', outcome, event };
}

/** Returns the errors of functions that failed without failing the run, by function id. */
const failuresOf = (tolerated: readonly RunFault[]): Record<string, HandoffError> =>
  recordOf(tolerated.map((failure) => [failure.functionId!, liveRunError(failure)]));

/** The run whose end is told. */
interface EndedRun {
  readonly runId: string;
  readonly dagId: string;
  readonly order: { readonly plan: Pick<Plan, 'ids'> };
  readonly state: Pick<RunState, 'nodes' | 'absent' | 'tolerated'> & { readonly plan: Pick<PlanShape, 'growth'> };
}

/** Fills in the empty `allocations` of an outcome and of its event. */
function fillAllocations(
  outcome: { readonly allocations: Allocations },
  event: { allocations: Allocations },
  ids: readonly string[],
  nodes: readonly (string | undefined)[],
  isLeftOut: ((index: number) => boolean) | undefined,
): void {
  const fill = (record: Allocations): Allocations => {
    for (let index = 0; index < ids.length; index += 1) if (!isLeftOut?.(index)) define(record, ids[index]!, nodes[index]!);
    return record;
  };
  if (ids.length > ALLOCATIONS_AT_ONCE) {
    defineOnce(outcome, 'allocations', () => fill({}));
    defineOnce(event, 'allocations', () => outcome.allocations);
  } else event.allocations = fill(outcome.allocations);
}

/** Defines a property that is made on first access. */
function defineOnce(target: object, key: string, make: () => unknown): void {
  let pending: (() => unknown) | undefined = make;
  let value: unknown;
  const get = (): unknown => {
    if (pending) [value, pending] = [pending(), undefined];
    return value;
  };
  Object.defineProperty(target, key, { get, enumerable: true, configurable: true });
}
