import type { ClaimClass } from '../../../allocator/index.js';
import { type Clock, type DagFault, doAtOnce, doInTurns, type RestOfWork, type StepwiseWork } from '../../../base/index.js';
import {
  type CodeRef,
  compileInSteps,
  type DagSnapshot,
  ExpandedDag,
  executionFaults,
  type GrowingPlan,
  type Isolation,
  invalidDag,
  isSnapshot,
  type Plan,
  type PlanFragment,
  readDagData,
  remainingPaths,
} from '../../../dag/index.js';
import { type StoredValue, thrownData } from '../../../value/index.js';
import type { RunHappening } from '../../brain/messages.js';
import type { Constants } from '../values/constants.js';

/** How many functions are added at once. It takes some 5 µs for each. */
const ADDED_AT_ONCE = 4000;

/** Up to this size the data of a DAG is read within the turn, bytes; it is some 10,000 functions. */
const READ_AT_ONCE_BYTES = 512 * 1024;

/** Up to so many functions a DAG is laid out within the turn. */
const LAID_OUT_AT_ONCE = 10_000;

/**
 * The expansions of a run whose DAGs are here: each is read, laid out and checked, in turns if it is large, and then added to the plan of
 * the run some thousands of functions at a time. Only one part is on its way to the brain, as each begins where the plan ends.
 */
export class Expansions {
  readonly #of: ExpandingRun;
  readonly #byIndex = new Map<number, Expansion>();
  /** Those that have something to add, the next one first. */
  readonly #queue: number[] = [];
  /** The expansion whose part the brain has not answered yet. */
  #offered: number | undefined;
  #isClosed = false;

  constructor(of: ExpandingRun) {
    this.#of = of;
  }

  /** Adds the functions of the DAG that an expansion has made. Asked for again, it goes on where it was. */
  expand(index: number): void {
    const known = this.#byIndex.get(index);
    if (known) return this.#goOn(index, known);
    const expansion: Expansion = { laidOut: undefined, isQueued: false };
    this.#byIndex.set(index, expansion);
    const held = this.#of.held(index);
    if (!held) return this.#refuse(index, new Error('the driver does not have its DAG'));
    try {
      const work = this.#layOut(index, held);
      if (isFew(held)) this.#laidOut(index, expansion, doAtOnce(work));
      else
        void doInTurns(work).then(
          (laidOut) => this.#laidOut(index, expansion, laidOut),
          (error) => this.#refuse(index, error),
        );
    } catch (error) {
      this.#refuse(index, error);
    }
  }

  /** The brain has been told of a part, and has added it or not. */
  answered({ by }: PlanFragment): void {
    if (this.#offered !== by) return;
    this.#offered = undefined;
    const expansion = this.#byIndex.get(by);
    const parts = this.#of.plan.added.parts.get(by);
    if (expansion && parts) {
      if (parts.count === parts.total) this.#byIndex.delete(by);
      // The event loop has its turn before the next ones.
      else this.#of.clock.after(0, () => this.#goOn(by, expansion));
    }
    this.#offerNext();
  }

  /** The run is over. */
  close(): void {
    this.#isClosed = true;
    this.#byIndex.clear();
  }

  #laidOut(index: number, expansion: Expansion, laidOut: LaidOut): void {
    if (this.#isClosed) return;
    const { prepare } = this.#of;
    const go = (): void => {
      if (this.#isClosed || this.#byIndex.get(index) !== expansion) return;
      expansion.laidOut = laidOut;
      this.#of.taken(index);
      this.#goOn(index, expansion);
    };
    if (!prepare) return go();
    prepare(index, laidOut.expanded).then(go, (error: unknown) => this.#refuse(index, error));
  }

  #refuse(index: number, error: unknown): void {
    if (this.#isClosed) return;
    this.#byIndex.delete(index);
    this.#of.feed({ type: 'growth-refused', index, error: thrownData(error) });
  }

  #goOn(index: number, expansion: Expansion): void {
    if (this.#isClosed || !expansion.laidOut || expansion.isQueued || this.#offered === index) return;
    expansion.isQueued = true;
    this.#queue.push(index);
    this.#offerNext();
  }

  #offerNext(): void {
    if (this.#isClosed || this.#offered !== undefined || this.#queue.length === 0) return;
    const index = this.#queue.shift()!;
    const expansion = this.#byIndex.get(index)!;
    expansion.isQueued = false;
    this.#offered = index;
    const { expanded, columns } = expansion.laidOut!;
    const first = this.#placeOf(index);
    this.#of.add(index, expanded, first, Math.min(ADDED_AT_ONCE, expanded.plan.size - first), columns);
  }

  /** How many functions of an expansion have been added. */
  #placeOf(index: number): number {
    return this.#of.plan.added.parts.get(index)?.count ?? 0;
  }

  *#layOut(index: number, held: StoredValue): StepwiseWork<LaidOut> {
    const { plan, isolation, driver, insides } = this.#of;
    const sub = yield* compileInSteps(yield* this.#read(held, `${plan.ids[index]!}/`), isolation);
    const faults: readonly DagFault[] = yield* executionFaults(sub, { driver, hasInput: () => false, local: insides.isLocal });
    if (faults.length > 0) throw invalidDag(sub.dagId, faults);
    const expanded = new ExpandedDag(sub, plan.ids[index]!);
    const kinds = yield* insides.claimsOf(sub, expanded.prefix);
    const estimates = yield* insides.estimatesOf(sub);
    const paths = yield* remainingPaths(sub, (at) => estimates[at]!);
    return { expanded, columns: { kinds, paths } };
  }

  /** Constants are as they are at this moment: a plain function may change them. */
  *#read(held: StoredValue, prefix: string): StepwiseWork<DagSnapshot> {
    const { constants, maxFunctions, refOf } = this.#of;
    if (held.partCount === undefined) {
      const value = held.open(false);
      if (!isSnapshot(value)) throw new TypeError('what it returned is not a Dag');
      const more = value.graph.regularCount;
      if (more > maxFunctions) throw new RangeError(`it would add ${more} functions, and the run may have ${maxFunctions}`);
      constants.add(value.graph.constants, prefix);
      return value;
    }
    const { snapshot, constants: inParts } = yield* readDagData((part) => held.partAt(part).open(false), refOf, maxFunctions);
    for (const { values, part } of inParts) constants.addPacked(values, held.partAt(part).pack('extraArgs'));
    return snapshot;
  }
}

/** Whether a DAG is read and laid out within the turn. */
function isFew(held: StoredValue): boolean {
  if (held.partCount !== undefined) return held.sizeBytes <= READ_AT_ONCE_BYTES;
  const value = held.open(false);
  return !isSnapshot(value) || value.graph.size + value.graph.argsCount <= LAID_OUT_AT_ONCE;
}

/** An expansion whose DAG has come. */
interface Expansion {
  laidOut: LaidOut | undefined;
  isQueued: boolean;
}

interface LaidOut {
  readonly expanded: ExpandedDag;
  readonly columns: InsideColumns;
}

/** By index in an expansion's DAG, the claims of its functions, and their longest paths within it. */
export interface InsideColumns {
  readonly kinds: readonly ClaimClass[];
  readonly paths: Float64Array;
}

/** How the functions of expansions are claimed and ordered. */
export interface InsideTerms {
  /** Whether every function runs on the driver. */
  readonly isLocal: boolean;
  /** Returns the claims of functions. Throws `HANDOFF_ALLOCATION_FAILED` for one that no member could hold, by its full id. */
  claimsOf(plan: Plan, prefix: string): RestOfWork<readonly ClaimClass[]>;
  /** Returns how long functions are expected to take, ms. */
  estimatesOf(plan: Plan): RestOfWork<Float64Array>;
}

/** The run whose functions expand. */
export interface ExpandingRun {
  readonly plan: GrowingPlan;
  readonly insides: InsideTerms;
  readonly constants: Constants;
  readonly clock: Clock;
  /** The isolation of references that name none. */
  readonly isolation: Isolation;
  /** The name of the driver's node. */
  readonly driver: string;
  /** Returns the same object for the same reference. */
  readonly refOf: (module: string, name: string) => CodeRef;
  /** The most functions of the run. A DAG that is larger by itself is not even laid out. */
  readonly maxFunctions: number;
  /** Returns the DAG that an expansion has made. */
  held(index: number): StoredValue | undefined;
  /** The DAG of an expansion has been read, and is needed no more. */
  taken(index: number): void;
  /** Compares a DAG with what is recorded of it; missing in runs that are not durable. */
  readonly prepare?: ((index: number, expanded: ExpandedDag) => Promise<void>) | undefined;
  /** Adds functions of a DAG: see `RunGrowth.addInsides`. */
  add(index: number, expanded: ExpandedDag, first: number, count: number, columns: InsideColumns): void;
  feed(happening: RunHappening): void;
}
