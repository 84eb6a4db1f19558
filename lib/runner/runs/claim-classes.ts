import {
  amounts,
  type Capabilities,
  type Claim,
  type ClaimClass,
  type CollocationGroup,
  CommonClasses,
  sameCosts,
} from '../../allocator/index.js';
import { inSteps, type RestOfWork, resultInSteps, type StepwiseWork } from '../../base/index.js';
import type { Plan } from '../../dag/index.js';
import { moduleOnWire, slotOf } from '../../executor/index.js';

const NOTHING: Capabilities = {};

/** A value with at most this many consumers is assumed to be dropped soon after the first of them has run. */
const FEW = 8;

/** Whether running this function frees no value soon. A run that continues only with such functions fills the memory. */
function isOpening({ producers, producersStart, dependentsStart, growth }: Plan, index: number): boolean {
  // An element of a map over a map is the only one that takes its value; those of other maps share what they take.
  const map = growth?.maps.get(index);
  if (map) return !map.isPipelined;
  for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) {
    const producer = producers[at]!;
    if (dependentsStart[producer + 1]! - dependentsStart[producer]! <= FEW) return false;
  }
  return true;
}

/** The claim of a function, as far as the plan determines it. */
interface Wanted {
  readonly slot: ClaimClass['slot'];
  readonly costs: Capabilities;
  readonly pinnedTo: string | undefined;
  readonly group: number;
  readonly opens: boolean;
  /** The modules that must be the same; sorted, as JSON. */
  readonly modules: string | undefined;
}

/** Returns the same key for the same costs, in whatever order they are named. */
function keyOf({ slot, costs, pinnedTo, group, opens, modules }: Wanted): string {
  return JSON.stringify([
    slot,
    opens,
    pinnedTo ?? null,
    group,
    modules ?? null,
    Object.entries(costs).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/**
 * The classes of claims of one run. Most functions are like the one before them: building a key for each of a million would take a second.
 */
export class KnownClaims {
  readonly #byKey = new Map<string, ClaimClass>();
  /** Made for the first group: most DAGs have none. */
  #groups: Map<number, CollocationGroup & { claims: Claim[] }> | undefined;
  /** How many collocation groups the plans before had. */
  #groupCount = 0;
  #last: { readonly wanted: Wanted; readonly kind: ClaimClass } | undefined;
  readonly #common: CommonClasses;

  /** `common`: those of all runs of the node. */
  constructor(common = new CommonClasses()) {
    this.#common = common;
  }

  of(wanted: Wanted): ClaimClass {
    const last = this.#last?.wanted;
    const { slot, costs, pinnedTo, group, opens, modules } = wanted;
    const isAlike =
      last && last.slot === slot && last.opens === opens && last.pinnedTo === pinnedTo && last.group === group && last.modules === modules;
    if (isAlike && sameCosts(last.costs, costs)) return this.#last!.kind;
    const kind = (group < 0 && modules === undefined ? this.#common.classOf(wanted) : undefined) ?? this.#ownOf(wanted);
    this.#last = { wanted, kind };
    return kind;
  }

  #ownOf(wanted: Wanted): ClaimClass {
    const key = keyOf(wanted);
    return this.#byKey.get(key) ?? this.#make(wanted, key);
  }

  /** From now on groups are numbered anew, those of the next plan. */
  beginPlan(groupCount: number): number {
    const first = this.#groupCount;
    this.#groupCount += groupCount;
    return first;
  }

  #make({ slot, costs, pinnedTo, group: number, opens, modules }: Wanted, key: string): ClaimClass {
    const group = number < 0 ? undefined : this.#group(number);
    const compared =
      modules === undefined ? undefined : { modules: JSON.parse(modules) as readonly string[], differs: new Map<string, string>() };
    // Strategies of users get it.
    const kind: ClaimClass = {
      slot,
      costs: Object.freeze({ ...costs }),
      cost: amounts(costs),
      pinnedTo,
      group,
      growsMemory: opens,
      ...compared,
    };
    group?.claims.push(kind);
    this.#byKey.set(key, kind);
    return kind;
  }

  #group(number: number): CollocationGroup & { claims: Claim[] } {
    const known = this.#groups?.get(number);
    if (known) return known;
    const group = { claims: [], node: undefined };
    this.#groups ??= new Map();
    this.#groups.set(number, group);
    return group;
  }
}

/** By producer, the modules of the serializers of its edges, which run where its value is. */
function* serializersOf(plan: Plan, root: string): StepwiseWork<ReadonlyMap<number, ReadonlySet<string>>> {
  const byProducer = new Map<number, Set<string>>();
  const ofEdges = (index: number): void => {
    for (const { role, functionId, code } of plan.recipe(index).steps) {
      const producer = role === 'serialize' ? plan.indexOf.get(functionId) : undefined;
      if (producer === undefined || !('module' in code)) continue;
      byProducer.set(producer, (byProducer.get(producer) ?? new Set<string>()).add(moduleOnWire(code.module, root)));
    }
  };
  yield* inSteps(plan.size, (from, to) => {
    for (let index = from; index < to; index += 1) if (!plan.isSimple(index)) ofEdges(index);
  });
  return byProducer;
}

/**
 * Returns the modules that an attempt at a function may need where it runs, by their names on the wire: its own, those of its inline
 * functions and edges, and those of the `serializers` of its value.
 */
function modulesOf(plan: Plan, index: number, root: string, serializers: ReadonlySet<string> | undefined): string | undefined {
  const codes = plan.isSimple(index) ? [plan.specs[index]!.code] : plan.recipe(index).steps.map(({ code }) => code);
  const modules = new Set(codes.flatMap((code) => ('module' in code ? [moduleOnWire(code.module, root)] : [])));
  for (const module of serializers ?? []) modules.add(module);
  return modules.size === 0 ? undefined : JSON.stringify([...modules].sort());
}

/**
 * Returns the class of claims of each function of a plan, by index, in steps. Functions with equal needs share one object, also those of
 * plans before.
 */
export function claimClasses(plan: Plan, terms: ClaimTerms, known = new KnownClaims()): RestOfWork<readonly ClaimClass[]> {
  const { comparedBelow, local } = terms;
  if (comparedBelow === undefined || local) return classesOf(plan, terms, undefined, known);
  return comparedClassesOf(plan, terms, comparedBelow, known);
}

function* comparedClassesOf(plan: Plan, terms: ClaimTerms, comparedBelow: string, known: KnownClaims): StepwiseWork<readonly ClaimClass[]> {
  return yield* classesOf(plan, terms, yield* serializersOf(plan, comparedBelow), known);
}

function classesOf(
  plan: Plan,
  { node, local, threadCost, comparedBelow }: ClaimTerms,
  serializers: ReadonlyMap<number, ReadonlySet<string>> | undefined,
  kinds: KnownClaims,
): RestOfWork<readonly ClaimClass[]> {
  const firstGroup = kinds.beginPlan(plan.groupCount);
  const byIndex: ClaimClass[] = [];
  const classify = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) {
      const isolation = plan.isolation[index]!;
      const costs = local ? NOTHING : (plan.specs[index]!.cost ?? (isolation === 'loop' ? NOTHING : threadCost));
      const pinnedTo = local ? node : (plan.pin[index] ?? (plan.bound[index] ? node : undefined));
      const group = local || plan.group[index]! < 0 ? -1 : firstGroup + plan.group[index]!;
      const modules = comparedBelow === undefined || local ? undefined : modulesOf(plan, index, comparedBelow, serializers?.get(index));
      byIndex.push(kinds.of({ slot: slotOf(isolation), costs, pinnedTo, group, opens: isOpening(plan, index), modules }));
    }
  };
  return resultInSteps(plan.size, classify, () => byIndex);
}

/** The facts on which the claims of a run's functions depend. */
export interface ClaimTerms {
  /** The driver's name. */
  readonly node: string;
  /** Whether it is an `executeLocal`: every function runs on the driver, and claims only its thread or its slot in the loop. */
  readonly local: boolean;
  /** The cost of a thread function without a `cost`: one cpu if any member has one. */
  readonly threadCost: Capabilities;
  /** The folder of modules, if nodes with different modules are to be distinguished; otherwise `undefined`. */
  readonly comparedBelow?: string | undefined;
}
