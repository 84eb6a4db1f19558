import { idOfCondition } from '../build/condition.js';
import type { FunctionSpec } from '../build/function-spec.js';
import { isFaultless } from '../build/option-faults.js';

/** Facts about a function that its specification alone gives. */
export const FLAGS = {
  inline: 1,
  faulty: 2,
  placed: 4,
  transforms: 8,
  closure: 16,
  loop: 32,
  map: 64,
  expand: 128,
  branches: 256,
  optional: 512,
  cached: 1024,
} as const;

/** The flags of functions that a plan's `growth` tells of. */
export const GROWTH_FLAGS = FLAGS.map | FLAGS.expand | FLAGS.branches | FLAGS.optional;

/**
 * The contents of a DAG, kept so that `compile` has little to do. `add` looks up every id once, while its text is still in the processor's
 * cache. Compiling 10,000 functions with 10 arguments each then only walks arrays of numbers; with look-ups it took four times as long. A
 * graph only ever grows.
 */
export class Graph {
  /** All functions in the order of adding, including inline ones. The index is the function's position. */
  readonly specs: FunctionSpec[] = [];
  /** The ids of the functions, by position. */
  readonly ids: string[] = [];
  /** The `FLAGS` of the functions, by position. */
  readonly flags: number[] = [];
  /** The flags that at least one function has. */
  allFlags = 0;
  /** The arguments of all functions in one list, as id numbers. Those of position i end before `argsEnd[i]`. */
  readonly args: number[] = [];
  /** For each position, the end of its arguments in `args`. */
  readonly argsEnd: number[] = [];
  /** By position of a map, the id number of what it goes over. */
  readonly overAt = new Map<number, number>();
  /** By position of a function with a condition, the id number of what that looks at. */
  readonly whenAt = new Map<number, number>();
  /** The ids of the inputs, in the order of adding. */
  readonly inputs: string[] = [];
  /** The constants that contain objects, in the order of adding. */
  readonly constants: ConstantsOf[] = [];
  /** How many of the functions are inline. */
  inlineCount = 0;
  readonly defined = new DefinedIds();

  /**
   * The result of `compile` for the present graph; only `compile` reads it. `undefined` after each addition. The graph does not know its
   * type.
   */
  compiled: unknown;

  /** Returns position + 1 for a function, -(k+1) for input k, or 0. */
  find(id: string): number {
    return this.defined.find(id);
  }

  /** Adds a function whose id is not taken. */
  addFunction(spec: FunctionSpec): void {
    this.compiled = undefined;
    const { defined } = this;
    defined.as[defined.number(spec.id)] = this.specs.push(spec);
    this.ids.push(spec.id);
    let flags = spec.type === 'regular' ? 0 : (TYPE_FLAGS.get(spec.type) ?? 0);
    for (let k = 0; k < spec.args.length; k++) {
      const arg = spec.args[k]!;
      if (typeof arg === 'string') this.args.push(defined.number(arg));
      else {
        this.args.push(defined.number(arg.id));
        if (arg.serialize !== undefined || arg.deserialize !== undefined) flags |= FLAGS.transforms;
        if (hasObject(arg.extra)) this.constants.push({ functionId: arg.id, values: arg.extra });
      }
    }
    if (hasObject(spec.extraArgs)) this.constants.push({ functionId: spec.id, values: spec.extraArgs });
    if (flags & FLAGS.inline) this.inlineCount += 1;
    this.argsEnd.push(this.args.length);
    const isPlain = typeof spec.code === 'function';
    if (isPlain) flags |= FLAGS.closure;
    if (spec.isolation === 'loop' || (isPlain && spec.isolation === undefined)) flags |= FLAGS.loop;
    if (spec.node !== undefined) flags |= FLAGS.placed;
    if (spec.optional === true) flags |= FLAGS.optional;
    if (spec.cache !== undefined && spec.cache !== false) flags |= FLAGS.cached;
    const position = this.specs.length - 1;
    if (spec.over !== undefined) this.overAt.set(position, defined.number(spec.over));
    if (spec.when !== undefined) {
      flags |= FLAGS.branches;
      this.whenAt.set(position, defined.number(idOfCondition(spec.when)));
    }
    if (!isFaultless(spec)) flags |= FLAGS.faulty;
    this.flags.push(flags);
    this.allFlags |= flags;
  }

  /** Adds an input whose id is not taken. */
  addInput(id: string): void {
    this.compiled = undefined;
    this.defined.as[this.defined.number(id)] = -this.inputs.push(id);
  }
}

/** The ids of a graph, and what each one is. It holds no function: what is kept of an ended run may refer to it. */
export class DefinedIds {
  /** The number of every id that was mentioned. */
  readonly #numberOf = new Map<string, number>();
  /** By id number: 0 if the id was only mentioned, position + 1 for a function, -(k+1) for input k. */
  readonly as: number[] = [];

  /** Returns position + 1 for a function, -(k+1) for input k, or 0. */
  find(id: string): number {
    const number = this.#numberOf.get(id);
    return number === undefined ? 0 : this.as[number]!;
  }

  /** Returns the number of an id, which it gets when it is first mentioned. */
  number(id: string): number {
    const known = this.#numberOf.get(id);
    if (known !== undefined) return known;
    this.#numberOf.set(id, this.as.length);
    return this.as.push(0) - 1;
  }
}

/**
 * A graph at one moment. The columns of a graph only grow, so a snapshot is their length, and costs the same for one function as for a
 * million.
 */
export class GraphSnapshot {
  readonly graph: Graph;
  /** How many functions there were. */
  readonly size: number;
  /** How many arguments they had. */
  readonly argsCount: number;
  /** How many of them were not inline. */
  readonly regularCount: number;
  readonly allFlags: number;
  readonly inputs: readonly string[];
  readonly constants: readonly ConstantsOf[];

  constructor(graph: Graph) {
    this.graph = graph;
    this.size = graph.specs.length;
    this.argsCount = graph.args.length;
    this.regularCount = graph.specs.length - graph.inlineCount;
    this.allFlags = graph.allFlags;
    this.inputs = graph.inputs.slice();
    this.constants = graph.constants.length === 0 ? NONE : graph.constants.slice();
  }

  /** Whether nothing has been added since. */
  get isCurrent(): boolean {
    return this.graph.specs.length === this.size && this.graph.inputs.length === this.inputs.length;
  }

  /** Returns position + 1 for a function, -(k+1) for input k, or 0 for what was not defined at that moment. */
  find(id: string): number {
    return this.#atThatMoment(this.graph.find(id));
  }

  /** The same, for the number of an id. */
  definedAs(number: number): number {
    return this.#atThatMoment(this.graph.defined.as[number]!);
  }

  #atThatMoment(found: number): number {
    return found > this.size || -found > this.inputs.length ? 0 : found;
  }
}

const NONE: readonly never[] = [];
const TYPE_FLAGS: ReadonlyMap<string, number> = new Map([
  ['inline', FLAGS.inline],
  ['map', FLAGS.map],
  ['expand', FLAGS.expand],
]);

/** Constants of a function, or of one of its edges, that contain objects. */
export interface ConstantsOf {
  readonly functionId: string;
  /** The array that the specification holds. */
  readonly values: readonly unknown[];
}

/** Whether the constants contain an object, which its owner can change. */
function hasObject(constants: readonly unknown[]): boolean {
  if (!Array.isArray(constants)) return false;
  for (let k = 0; k < constants.length; k++) if (typeof constants[k] === 'object' && constants[k] !== null) return true;
  return false;
}
