import type { ConditionSpec } from './condition.js';
import type { Arg, edge, SameValue } from './edge.js';
import type { AnyFunction, FunctionRef, ResultOf, SignatureOf, UntypedFunctionRef } from './function-ref.js';
import type { FunctionOptions, FunctionSpec } from './function-spec.js';

// The types that keep a wrongly wired DAG from compiling. An object type with a sentence for a key is an error message: the compiler prints
// it beside the argument that does not fit.

/** Objects that must not be results: they cannot cross a thread or a wire. */
type NotAValue = AsyncIterator<unknown> | Iterator<unknown> | AnyFunction | symbol | WeakKeyed;
type WeakKeyed = WeakMap<WeakKey, unknown> | WeakSet<WeakKey>;

/** The id of an argument. */
export type IdOf<X> = X extends { readonly id: infer I } ? I : X;
// Not distributive: the compiler also asks for the value of any id at all, and there may be a thousand.
type ValueAt<P extends Parts, X> = [X] extends [Ids<P>]
  ? Lookup<P, X>
  : [X] extends [{ readonly id: infer I extends Ids<P>; readonly [edge]?: (produced: infer In) => infer Out }]
    ? Lookup<P, I> extends In
      ? Out extends SameValue
        ? Lookup<P, I>
        : Out
      : { readonly 'serialize does not take': Lookup<P, I> }
    : never;
type Values<P extends Parts, A extends readonly unknown[]> = { -readonly [K in keyof A]: ValueAt<P, A[K]> };
/** The parameters that the results take: one each, or one array in first place. */
export type Given<P extends Parts, A extends readonly unknown[], L> = L extends 'as-list' ? [Values<P, A>] : Values<P, A>;
/** A function that accepts the results in first place. */
export type Fits<G extends readonly unknown[]> = (...args: [...G, ...never[]]) => unknown;
type Left<P extends readonly unknown[], G extends readonly unknown[]> = G extends readonly [unknown, ...infer GT]
  ? P extends readonly []
    ? 'surplus'
    : P extends readonly [unknown?, ...infer PT]
      ? Left<PT, GT>
      : P
  : P;
/** Whether `extraArgs` must be given, and its type: the parameters that the results leave. */
export type ExtraArgs<C, G extends readonly unknown[]> = [SignatureOf<C>] extends [never]
  ? { readonly extraArgs?: readonly unknown[] }
  : SignatureOf<C> extends (...args: infer P) => unknown
    ? Left<P, G> extends infer L
      ? L extends 'surplus'
        ? { readonly args: { readonly 'more results than parameters': P } }
        : L extends readonly unknown[]
          ? [] extends L
            ? { readonly extraArgs?: Readonly<L> }
            : { readonly extraArgs: Readonly<L> }
          : never
      : never
    : never;
/** Refuses a `code` whose result could not be passed on. A function that always throws has no result and is accepted. */
export type Cloneable<C> = [ResultOf<C>] extends [never]
  ? unknown
  : ResultOf<C> extends NotAValue
    ? { readonly code: { readonly 'a result must be structured-cloneable': ResultOf<C> } }
    : unknown;
/** An id that is not taken. */
export type NotTaken<I extends string, V> = I extends keyof V ? { readonly 'this id is taken': I } : unknown;
/** An id must be a new literal. Ids that the compiler does not know belong into `Dag.dynamic`. */
export type NewId<I extends string, V> = string extends I ? { readonly 'an id must be a literal: use Dag.dynamic': never } : NotTaken<I, V>;
/**
 * The values of a DAG by id, as `add` keeps them. The last 24 functions stand apart, with their count. With one growing type each value
 * would be found through all later functions: after 50 of them the compiler gives up ("excessively deep"), and it would have to write out
 * every one.
 */
export interface Parts {
  readonly older: object;
  readonly recent: object;
  readonly count: number;
}
/** The parts of a DAG of which only the values are known. */
export type PartsOf<V extends object> = { readonly older: V; readonly recent: {}; readonly count: 0 };
/** The parts with one more value. */
export type Grown<P extends Parts, I extends string, R> = P['count'] extends keyof After
  ? {
      readonly older: P['older'];
      readonly recent: { [K in keyof P['recent'] | I]: K extends keyof P['recent'] ? P['recent'][K] : R };
      readonly count: After[P['count']];
    }
  : { readonly older: P['older'] & P['recent']; readonly recent: { [K in I]: R }; readonly count: 1 };
// One number for each count: counting with a tuple would make the compiler load all members of an array at each step.
interface After {
  0: 1;
  1: 2;
  2: 3;
  3: 4;
  4: 5;
  5: 6;
  6: 7;
  7: 8;
  8: 9;
  9: 10;
  10: 11;
  11: 12;
  12: 13;
  13: 14;
  14: 15;
  15: 16;
  16: 17;
  17: 18;
  18: 19;
  19: 20;
  20: 21;
  21: 22;
  22: 23;
  23: 24;
}
/** The values by id. */
export type Merged<P extends Parts> = { [K in Ids<P>]: Lookup<P, K> };
/** The ids of the parts. */
export type Ids<P extends Parts> = keyof P['older'] | keyof P['recent'];
type Lookup<P extends Parts, K> = [K] extends [keyof P['older']]
  ? P['older'][K]
  : [K] extends [keyof P['recent']]
    ? P['recent'][K]
    : (P['older'] & P['recent'])[K & Ids<P>];

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

/** A function in `Dag.of`: its id is its key. */
export interface OfSpec extends FunctionOptions {
  /** The code to call: a function of a module, or a plain function, which stays in its process. */
  readonly code: AnyFunction | FunctionRef | UntypedFunctionRef;
  /**
   * The ids whose results are passed first, in order.
   * @default []
   */
  readonly args?: readonly (string | Arg<string, never, unknown>)[];
  /**
   * Constants passed after the results.
   * @default []
   */
  readonly extraArgs?: readonly unknown[];
  /**
   * Whether results are passed one by one, or as one array in first place.
   * @default 'variadic'
   */
  readonly argumentInclusion?: 'variadic' | 'as-list';
  /**
   * `'inline'` means evaluated within each consumer's attempt, and absent from the results.
   * @default 'regular'
   */
  readonly type?: 'regular' | 'inline';
}
/** The result of a function in `Dag.of`. */
export type OfResult<X> = X extends { readonly code: infer C } ? ResultOf<C> : unknown;
/** The values in `Dag.of`, by id. */
export type OfValues<S> = { -readonly [K in keyof S]: OfResult<S[K]> };
type OfArgs<S, X> = X extends { readonly args: infer A extends readonly unknown[] } ? { -readonly [K in keyof A]: OfValueAt<S, A[K]> } : [];
// Most arguments are plain ids, and need the result of one function, not of all.
type OfValueAt<S, A> = A extends keyof S ? OfResult<S[A]> : ValueAt<PartsOf<OfValues<S>>, A>;
type OfGiven<S, X> = X extends { readonly argumentInclusion: 'as-list' } ? [OfArgs<S, X>] : OfArgs<S, X>;
type OfExtra<X> = X extends { readonly extraArgs: infer E extends readonly unknown[] } ? Mutable<E> : [];
type Mutable<E> = { -readonly [K in keyof E]: E[K] extends readonly unknown[] ? Mutable<E[K]> : E[K] };
type OfIds<S, X> = X extends { readonly args: readonly (infer A)[] }
  ? [IdOf<A>] extends [keyof S]
    ? unknown
    : { readonly args: readonly (keyof S & string)[] }
  : unknown;
// Without this a misspelt option would compile, as an inferred type has no surplus fields.
type OfFields<X> = { readonly [K in Exclude<keyof X, keyof OfSpec | 'id'>]: never };
/** Checks one function in `Dag.of` against the others. */
export type OfCheck<S, X> = X extends { readonly code: infer C }
  ? OfFields<X> &
      OfIds<S, X> &
      Cloneable<C> &
      ([SignatureOf<C>] extends [never]
        ? unknown
        : SignatureOf<C> extends (...args: infer P) => unknown
          ? OfGiven<S, X> extends infer G extends readonly unknown[]
            ? [...G, ...OfExtra<X>] extends P
              ? unknown
              : { readonly args: { readonly given: [...G, ...OfExtra<X>]; readonly expected: P } }
            : never
          : never)
  : never;
/** The inline functions in `Dag.of`. */
export type OfInline<S> = { [K in keyof S]: S[K] extends { readonly type: 'inline' } ? K : never }[keyof S] & string;
/** The ids that a function in `Dag.of` consumes. */
export type OfUsed<S> = { [K in keyof S]: S[K] extends { readonly args: readonly (infer A)[] } ? IdOf<A> : never }[keyof S] & string;
