import type { FunctionSpec } from '../build/function-spec.js';
import { isFaultless } from '../build/option-faults.js';

/** What is known of a function from its specification alone. */
export const FLAGS = { inline: 1, faulty: 2, placed: 4, transforms: 8, closure: 16, loop: 32, constants: 64 } as const;

/**
 * What a DAG holds, kept so that `compile` has little left to do: `add` looks every id up once, while its text is still in the processor's
 * cache, and compiling 10,000 functions with 10 arguments each goes over arrays of numbers (with the lookups it took four times as long).
 * It only ever grows.
 */
export class Graph {
  /** In the order of adding, inline functions included; a function's place is its position. */
  readonly specs: FunctionSpec[] = [];
  readonly ids: string[] = [];
  readonly flags: number[] = [];
  /** The flags that some function has. */
  allFlags = 0;
  /** The arguments of all functions, one after the other, as numbers of ids; those of position i end before `argsEnd[i]`. */
  readonly args: number[] = [];
  readonly argsEnd: number[] = [];
  readonly inputs: string[] = [];
  /** Every id that was mentioned, numbered. */
  readonly #numberOf = new Map<string, number>();
  /** By number of an id: 0 if it was only mentioned, a function's position + 1, or -(k+1) for input k. */
  readonly definedAs: number[] = [];

  /**
   * What `compile` made of the graph as it is now, and alone reads; `undefined` after each addition. Its type is not the graph's business.
   */
  compiled: unknown;

  /** A function's position + 1, -(k+1) for input k, or 0. */
  find(id: string): number {
    const number = this.#numberOf.get(id);
    return number === undefined ? 0 : this.definedAs[number]!;
  }

  /** The id must not be taken. */
  addFunction(spec: FunctionSpec): void {
    this.compiled = undefined;
    this.definedAs[this.#number(spec.id)] = this.specs.push(spec);
    this.ids.push(spec.id);
    let flags = spec.type === 'inline' ? FLAGS.inline : 0;
    for (let k = 0; k < spec.args.length; k++) {
      const arg = spec.args[k]!;
      if (typeof arg === 'string') this.args.push(this.#number(arg));
      else {
        this.args.push(this.#number(arg.id));
        if (arg.serialize !== undefined || arg.deserialize !== undefined) flags |= FLAGS.transforms;
        if (hasObject(arg.extra)) flags |= FLAGS.constants;
      }
    }
    if (hasObject(spec.extraArgs)) flags |= FLAGS.constants;
    this.argsEnd.push(this.args.length);
    const isPlain = typeof spec.code === 'function';
    if (isPlain) flags |= FLAGS.closure;
    if (spec.isolation === 'loop' || (isPlain && spec.isolation === undefined)) flags |= FLAGS.loop;
    if (spec.node !== undefined) flags |= FLAGS.placed;
    if (!isFaultless(spec)) flags |= FLAGS.faulty;
    this.flags.push(flags);
    this.allFlags |= flags;
  }

  /** The id must not be taken. */
  addInput(id: string): void {
    this.compiled = undefined;
    this.definedAs[this.#number(id)] = -this.inputs.push(id);
  }

  #number(id: string): number {
    const known = this.#numberOf.get(id);
    if (known !== undefined) return known;
    this.#numberOf.set(id, this.definedAs.length);
    return this.definedAs.push(0) - 1;
  }
}

/** Whether there is anything among these constants that its owner can change. */
export function hasObject(constants: readonly unknown[]): boolean {
  if (!Array.isArray(constants)) return false;
  for (let k = 0; k < constants.length; k++) if (typeof constants[k] === 'object' && constants[k] !== null) return true;
  return false;
}
