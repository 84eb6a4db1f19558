import { doAtOnce, type StepwiseWork } from '../../base/index.js';
import type { DagLike } from '../build/dag-like.js';
import { type FunctionSpec, heldSpecOf, type Isolation } from '../build/function-spec.js';
import { inputIdsOf } from '../build/inputs.js';
import type { PlanCaching } from '../graph/caching.js';
import { type ConstantsOf, Graph, GraphSnapshot } from '../graph/graph.js';
import type { PlanGrowth } from '../graph/growth.js';
import { buildRecipe, type CallRecipe } from './call-recipe.js';
import { findFaults, invalidDag } from './faults.js';
import type { PlanShape } from './growing/plan-shape.js';
import { FunctionsById } from './id-maps.js';
import { type Layout, layOut, type RetryRules } from './layout.js';

/**
 * A valid DAG at one moment, laid out for running. Later additions to the DAG do not change it. Indices are those of the regular functions,
 * in the order of adding. All runs of the same DAG share it: do not change its arrays, copy them to count down.
 */
export class Plan {
  /** The id of the run's DAG: the DAG's own, or another. */
  readonly dagId: string;
  /** The DAG's own id. */
  readonly definitionId: string;
  /** The number of regular functions. */
  readonly size: number;
  /** The ids of the functions, by index. */
  readonly ids: readonly string[];
  /** The index of each function, by id. */
  readonly indexOf: ReadonlyMap<string, number>;
  readonly specs: readonly FunctionSpec[];
  /** All functions by number: the regular ones by index, then from `size` on the inline ones. */
  readonly functions: readonly FunctionSpec[];
  /** The ids of the inputs, in the order of adding. */
  readonly inputs: readonly string[];
  /** How many functions each one waits for: the length of its list of producers. */
  readonly needsCount: Int32Array;
  /** The functions that wait for function i, each once: `dependents` from `dependentsStart[i]` up to `dependentsStart[i + 1]`. */
  readonly dependentsStart: Int32Array;
  readonly dependents: Int32Array;
  /** The functions that function i waits for, directly or through inline functions, each once: from `producersStart[i]` as above. */
  readonly producersStart: Int32Array;
  readonly producers: Int32Array;
  /**
   * The arguments of function i in order, with duplicates: from `argsStart[i]` as above. Each is a function's index, or -(k+1) for input k.
   * If `isSimple(i)`, these are all that it needs.
   */
  readonly argsStart: Int32Array;
  readonly args: Int32Array;
  /** All functions, each after those it waits for. */
  readonly topological: Int32Array;
  /** The isolation of each function, with the default filled in. */
  readonly isolation: readonly Isolation[];
  /** The isolation of references that name none. */
  readonly defaultIsolation: Isolation;
  /** The name of the node that it is pinned to, by itself or through its collocation group. */
  readonly pin: readonly (string | undefined)[];
  /** 1 if only the driver may run it, because of itself or of a member of its collocation group. */
  readonly bound: Uint8Array;
  /** Why the function itself is bound to the driver: an index into `CLOSURES`, or 0. */
  readonly closure: Uint8Array;
  /** The number of its collocation group, counted from 0, or -1. */
  readonly group: Int32Array;
  /** How many collocation groups there are. */
  readonly groupCount: number;
  /** The functions that no regular function consumes, directly or through inline functions. */
  readonly sinks: Int32Array;
  /** The place of each function in the depth-first order, which holds few values at once; `undefined` if that is its index. */
  readonly positions: Int32Array | undefined;
  /** 1 if a function that will run needs input k. */
  readonly inputUsed: Uint8Array;
  /** The constants that contain objects, which the caller may change. */
  readonly constants: readonly ConstantsOf[];
  /** What functions say themselves of being tried again, for those that say anything. */
  readonly retries: ReadonlyMap<number, RetryRules>;
  /** What it says of functions that branch, may fail, or add others; `undefined` if none does. */
  readonly growth: PlanGrowth | undefined;
  /** What it says of functions whose results are remembered; `undefined` if none are. */
  readonly caching: PlanCaching | undefined;
  /** What a brain needs of it. */
  readonly shape: PlanShape;
  /** Nothing is added to the plan of a DAG itself; see `GrowingPlan`. */
  readonly added: undefined;
  readonly #layout: Layout;
  #programs: Map<number, CallRecipe> | undefined;

  constructor(dagId: string, layout: Layout, defaultIsolation: Isolation, definitionId = dagId) {
    this.dagId = dagId;
    this.definitionId = definitionId;
    this.size = layout.size;
    this.ids = layout.ids;
    this.indexOf = layout.indexOf;
    this.specs = layout.specs;
    this.functions = layout.functions;
    this.inputs = layout.inputs;
    this.needsCount = layout.needsCount;
    this.dependentsStart = layout.dependents.start;
    this.dependents = layout.dependents.items;
    this.producersStart = layout.producers.start;
    this.producers = layout.producers.items;
    this.argsStart = layout.args.start;
    this.args = layout.args.items;
    this.topological = layout.topological;
    this.isolation = layout.isolation;
    this.defaultIsolation = defaultIsolation;
    this.pin = layout.placement.pin;
    this.bound = layout.placement.bound;
    this.closure = layout.closure;
    this.group = layout.placement.group;
    this.groupCount = layout.placement.groupCount;
    this.sinks = layout.sinks;
    this.positions = layout.positions;
    this.inputUsed = layout.inputUsed;
    this.constants = layout.constants;
    this.retries = layout.retries;
    this.growth = layout.growth;
    this.caching = layout.caching;
    this.added = undefined;
    const { size, ids, needsCount, dependentsStart, dependents, producersStart, producers, retries, growth, caching } = this;
    const lists = { dependentsStart, dependents, producersStart, producers };
    this.shape = { dagId, size, ids, needsCount, ...lists, retries, growth, caching, added: undefined };
    this.#layout = layout;
  }

  /**
   * Whether the call has one step: no inline function, no (de)serializer. Then `args`, `specs[i].extraArgs` and
   * `specs[i].argumentInclusion` describe it completely.
   */
  isSimple(index: number): boolean {
    return this.#layout.complex === undefined || this.#layout.complex[index] === 0;
  }

  /** Returns the same plan for a run with another DAG id. */
  runAs(dagId: string): Plan {
    return new Plan(dagId, this.#layout, this.defaultIsolation, this.definitionId);
  }

  /** Returns how to evaluate a function, whether simple or not. The recipe is cached if it is not simple. */
  recipe(index: number): CallRecipe {
    const known = this.#programs?.get(index);
    if (known !== undefined) return known;
    const program = buildRecipe(this.#layout, index);
    if (this.isSimple(index)) return program;
    this.#programs ??= new Map();
    this.#programs.set(index, program);
    return program;
  }
}

/**
 * Checks a DAG and lays it out, synchronously; `execute` begins with this. The plan of an unchanged DAG is the same object. A DAG made by
 * another copy of the package is accepted. `defaultIsolation` is that of references that name none.
 *
 * Throws `HANDOFF_INVALID_DAG` with every fault, and `TypeError` if it is not a DAG.
 */
export function compile(dag: DagLike, defaultIsolation: Isolation = 'thread'): Plan {
  return doAtOnce(compileInSteps(snapshotOf(dag), defaultIsolation));
}

/** A DAG at one moment: what is added later is not in it. */
export interface DagSnapshot {
  readonly dagId: string;
  readonly graph: GraphSnapshot;
}

/** Whether a value is the snapshot of a DAG. */
export const isSnapshot = (value: unknown): value is DagSnapshot =>
  typeof value === 'object' && value !== null && (value as Partial<DagSnapshot>).graph instanceof GraphSnapshot;

/** Takes a snapshot of a DAG, at once however large it is. Throws `TypeError` if it is not a DAG. */
export function snapshotOf(dag: DagLike): DagSnapshot {
  return { graph: new GraphSnapshot(graphOf(dag, 'Cannot plan')), dagId: dag.id };
}

/** Returns the plan of a snapshot if there is one, as its DAG was compiled before. */
export function knownPlan({ graph }: DagSnapshot, defaultIsolation: Isolation): Plan | undefined {
  const known = graph.graph.compiled as Plan | undefined;
  return known?.defaultIsolation === defaultIsolation && graph.isCurrent ? known : undefined;
}

/** Does what `compile` does, in steps, for a snapshot. */
export function* compileInSteps(snapshot: DagSnapshot, defaultIsolation: Isolation): StepwiseWork<Plan> {
  const known = knownPlan(snapshot, defaultIsolation);
  if (known) return known;
  const { dagId, graph } = snapshot;
  const layout = yield* layOut(graph, defaultIsolation);
  if (layout === undefined) throw invalidDag(dagId, findFaults(graph));
  const plan = new Plan(dagId, layout, defaultIsolation);
  if (graph.isCurrent) graph.graph.compiled = plan;
  return plan;
}

/**
 * Returns the graph behind our own Dag. For another copy's Dag it builds one from the Dag's public properties. Throws a `TypeError` that
 * begins with `intent` if it is not a DAG.
 */
export function graphOf(dag: unknown, intent: string): Graph {
  if (!isDag(dag)) throw new TypeError(`${intent}: it is not a Dag`);
  const own = FunctionsById.graphOf(dag.functions);
  if (own !== undefined) return own;
  const graph = new Graph();
  for (const id of inputIdsOf(dag)) if (graph.find(id) === 0) graph.addInput(id);
  for (const given of dag.functions.values()) {
    const spec = heldSpecOf(given);
    if (graph.find(spec.id) !== 0) throw new TypeError(`${intent}: id ${JSON.stringify(spec.id)} is taken twice`);
    graph.addFunction(spec);
  }
  return graph;
}

/** Whether a value has the shape of a DAG, of this copy of the package or another. */
export function isDag(value: unknown): value is DagLike {
  if (typeof value !== 'object' || value === null) return false;
  const { id, functions } = value as { readonly [K in keyof DagLike]?: DagLike[K] };
  // An array, as `toJSON` gives it, has `values` too, but no `get`.
  return typeof id === 'string' && typeof functions?.values === 'function' && typeof functions.get === 'function';
}
