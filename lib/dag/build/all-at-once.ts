import type { ConditionId, Perhaps } from './branches.js';
import type { Condition, ConditionSpec } from './condition.js';
import type { Arg, IdOf } from './edge.js';
import type { AnyFunction, FunctionRef, ResultOf, SignatureOf, UntypedFunctionRef } from './function-ref.js';
import type { FunctionOptions } from './function-spec.js';
import type { PartsOf } from './parts.js';
import type { Cloneable, ValueAt } from './wiring.js';

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
  /** Whether it runs: a value that must be truthy, or one compared with a primitive. The default is always. */
  readonly when?: ConditionSpec;
  /**
   * Whether the run goes on, with the value `undefined`, when the function has used up its attempts.
   * @default false
   */
  readonly optional?: boolean;
}
type OfWhen<X> = X extends { readonly when: infer W } ? W : undefined;
type OfOptional<X> = X extends { readonly optional: infer O } ? O : false;
/** The result of a function in `Dag.of`. */
export type OfResult<X> = X extends { readonly code: infer C } ? Perhaps<ResultOf<C>, OfWhen<X>, OfOptional<X>> : unknown;
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
type OfCondition<S, X> = X extends { readonly when: infer W }
  ? W extends Condition<S> | undefined
    ? unknown
    : { readonly when: Condition<S> }
  : unknown;
// Without this a misspelt option would compile, as an inferred type has no surplus fields.
type OfFields<X> = { readonly [K in Exclude<keyof X, keyof OfSpec | 'id'>]: never };
/** Checks one function in `Dag.of` against the others. */
export type OfCheck<S, X> = X extends { readonly code: infer C }
  ? OfFields<X> &
      OfIds<S, X> &
      OfCondition<S, X> &
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
export type OfUsed<S> = {
  [K in keyof S]: (S[K] extends { readonly args: readonly (infer A)[] } ? IdOf<A> : never) | ConditionId<OfWhen<S[K]>>;
}[keyof S] &
  string;
