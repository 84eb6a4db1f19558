import type { edge, SameValue } from './edge.js';
import type { AnyFunction, ResultOf, SignatureOf } from './function-ref.js';
import type { Ids, Lookup, Parts } from './parts.js';

// The types that keep a wrongly wired DAG from compiling. An object type with a sentence for a key is an error message: the compiler prints
// it beside the argument that does not fit.

/** Objects that must not be results: they cannot cross a thread or a wire. */
type NotAValue = AsyncIterator<unknown> | Iterator<unknown> | AnyFunction | symbol | WeakKeyed;
type WeakKeyed = WeakMap<WeakKey, unknown> | WeakSet<WeakKey>;

/** The value that an argument passes on. */
// Not distributive: the compiler also asks for the value of any id at all, and there may be a thousand.
export type ValueAt<P extends Parts, X> = [X] extends [Ids<P>]
  ? Lookup<P, X>
  : [X] extends [{ readonly id: infer I extends Ids<P>; readonly [edge]?: (produced: infer In) => infer Out }]
    ? Lookup<P, I> extends In
      ? Out extends SameValue
        ? Lookup<P, I>
        : Out
      : { readonly 'serialize does not take': Lookup<P, I> }
    : never;
/** The values that the arguments pass on. */
export type Values<P extends Parts, A extends readonly unknown[]> = { -readonly [K in keyof A]: ValueAt<P, A[K]> };
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
/** Whether `extraArgs` must be given, and its type: the parameters that the results leave. Surplus results are refused at the field `F`. */
export type ExtraArgs<C, G extends readonly unknown[], F extends string = 'args'> = [SignatureOf<C>] extends [never]
  ? { readonly extraArgs?: readonly unknown[] }
  : SignatureOf<C> extends (...args: infer P) => unknown
    ? Left<P, G> extends infer L
      ? L extends 'surplus'
        ? { readonly [K in F]: { readonly 'more results than parameters': P } }
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
