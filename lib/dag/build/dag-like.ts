import type { ConditionSpec } from './condition.js';
import type { Arg } from './edge.js';
import type { AnyFunction, FunctionRef, UntypedFunctionRef } from './function-ref.js';
import type { FunctionOptions, FunctionSpec } from './function-spec.js';

/** The key under which a DAG carries its types; for the compiler only. */
export declare const shape: unique symbol;

/** The type of a value without the value; made by `type<T>()`. */
export interface Type<T> {
  /** For the compiler only. @internal */
  readonly [shape]?: T;
}

/** Names a type where a value is expected: `dag.input('xs', type<number[]>())`. */
export function type<T>(): Type<T> {
  return {};
}

/** A DAG as plain data, as `JSON.stringify(dag)` writes it and `Dag.fromJSON` reads it. */
export type DagJson = { readonly id: string; readonly functions: readonly unknown[]; readonly inputs: readonly string[] };

/** The types of a DAG that `execute` needs. `V` values by id, `In` inputs, `Inl` inline functions, `Used` ids that something consumes. */
export interface DagLike<V extends object = object, In extends string = string, Inl extends string = string, Used extends string = string> {
  /** For the compiler only. @internal */
  readonly [shape]?: { readonly values: V; readonly inputs: In; readonly inlines: Inl; readonly used: Used };
  /** The id of the DAG. */
  readonly id: string;
  /** How many functions it has, including inline ones, not inputs. */
  readonly size: number;
  /** The functions by id, in the order in which they were added, without the inputs. */
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  /**
   * Returns the DAG as plain data.
   * @throws `HANDOFF_INVALID_DAG` for plain functions, and `HANDOFF_NOT_SERIALIZABLE` for `extraArgs` that JSON would change.
   */
  toJSON(): DagJson;
  /** Returns the DAG as a Mermaid flowchart. An invalid DAG is drawn too. */
  toMermaid(): string;
  /** Returns the DAG in DOT, for Graphviz. An invalid DAG is drawn too. */
  toDot(): string;
}

/** A DAG whose ids, arguments and results are checked at run time only. */
export interface DynamicDag extends DagLike<Record<string, unknown>, never, never, never> {
  /**
   * Adds a function and returns this DAG.
   * @throws `TypeError` for a wrong shape, and `HANDOFF_INVALID_DAG` for a taken id.
   */
  add(
    spec: FunctionOptions & {
      id: string;
      code: AnyFunction | FunctionRef | UntypedFunctionRef;
      args?: readonly (string | Arg<string, never, unknown>)[];
      extraArgs?: readonly unknown[];
      argumentInclusion?: 'variadic' | 'as-list';
      type?: 'regular' | 'inline';
      when?: ConditionSpec;
      optional?: boolean;
    },
  ): this;
  /**
   * Adds one function for each element of an array, and returns this DAG.
   * @throws as `add` does.
   */
  map(
    spec: FunctionOptions & {
      id: string;
      over: string;
      code: AnyFunction | FunctionRef | UntypedFunctionRef;
      args?: readonly (string | Arg<string, never, unknown>)[];
      extraArgs?: readonly unknown[];
      concurrency?: number;
      when?: ConditionSpec;
      optional?: boolean;
    },
  ): this;
  /**
   * Adds a function whose result is a DAG that then runs within the run, and returns this DAG.
   * @throws as `add` does.
   */
  expand(
    spec: FunctionOptions & {
      id: string;
      code: AnyFunction | FunctionRef | UntypedFunctionRef;
      args?: readonly (string | Arg<string, never, unknown>)[];
      extraArgs?: readonly unknown[];
      when?: ConditionSpec;
      optional?: boolean;
    },
  ): this;
  /**
   * Adds the functions of another DAG as it is now, with ids `prefix/id`, and returns this DAG. Its inputs are wired to values of this one
   * by name.
   * @throws `TypeError` for an empty prefix or what is not a DAG, and `HANDOFF_INVALID_DAG` for a taken id, and for an input that is not
   * wired or not known.
   */
  include(prefix: string, dag: DagLike, inputs?: Readonly<Record<string, string>>): this;
  /**
   * Declares a value that is given at execution, and returns this DAG.
   * @throws as `add` does.
   */
  input(id: string): this;
  /**
   * Returns this DAG.
   * @throws `HANDOFF_INVALID_DAG` whose `faults` lists every fault.
   */
  validate(): this;
}

/** The ids of the functions that are scheduled and have a result. */
export type Regular<V, In, Inl> = Exclude<keyof V, In | Inl> & string;

/** The type of a run's `results`, by `collect`. */
export type ResultsOf<V, In, Inl, Used, Collect> = Collect extends 'all'
  ? { [K in Regular<V, In, Inl>]: V[K & keyof V] }
  : Collect extends 'sinks'
    ? { [K in Exclude<Regular<V, In, Inl>, Used>]: V[K & keyof V] }
    : Collect extends readonly (infer K)[]
      ? { [P in K & keyof V]: V[P] }
      : never;
