import type { Perhaps } from './branches.js';
import type { DagLike, ResultsOf } from './dag-like.js';
import type { ResultOf, SignatureOf } from './function-ref.js';
import type { Ids, Lookup, Parts } from './parts.js';

/** The elements of the array under an id. */
export type ElementOf<P extends Parts, K> =
  Exclude<Lookup<P, K>, undefined> extends infer A ? (A extends readonly unknown[] ? A[number] : never) : never;

/** Refuses an `over` that is no array. It may be `undefined` too: then the map is not taken. */
export type OverCheck<P extends Parts, K> =
  K extends Ids<P>
    ? Exclude<Lookup<P, K>, undefined> extends readonly unknown[]
      ? unknown
      : { readonly 'map needs an array': Lookup<P, K> }
    : unknown;

/** The value of a map, of which each element gives an `R`. */
export type MapResult<P extends Parts, K, R, W, O> = Perhaps<Perhaps<R, undefined, O>[], W, undefined extends Lookup<P, K> ? true : false>;

/** The values of an included DAG, by their ids in the DAG that includes it. */
export type Prefixed<X extends string, V2, In2 extends string> = { [K in Exclude<keyof V2, In2> & string as `${X}/${K}`]: V2[K] };

/** Refuses a prefix that is no literal, and one under which an id is taken. */
export type PrefixCheck<X extends string, P extends Parts, V2, In2 extends string> = string extends X
  ? { readonly 'a prefix must be a literal: use Dag.dynamic': never }
  : [Ids<P> & keyof Prefixed<X, V2, In2>] extends [never]
    ? unknown
    : [Extract<Ids<P>, keyof Prefixed<X, V2, In2>>] extends [never]
      ? unknown
      : { readonly 'these ids are taken': Extract<Ids<P>, keyof Prefixed<X, V2, In2>> };

/** Refuses a wire from a value that the input does not accept. */
export type Wired<P extends Parts, V2, In2, M> = {
  readonly [K in keyof M]: K extends In2 & keyof V2
    ? M[K] extends Ids<P>
      ? Lookup<P, M[K]> extends V2[K]
        ? unknown
        : { readonly 'the input needs': V2[K]; readonly given: Lookup<P, M[K]> }
      : unknown
    : { readonly 'no such input': never };
};

/** Refuses a `code` whose result is no DAG, or a DAG with inputs. A function that always throws is accepted. */
export type Expands<C> = [SignatureOf<C>] extends [never]
  ? unknown
  : [ResultOf<C>] extends [never]
    ? unknown
    : [ResultOf<C>] extends [DagLike<infer _V, infer In, infer _Inl, infer _Used>]
      ? [In] extends [never]
        ? unknown
        : { readonly code: { readonly 'an expansion has no inputs': In } }
      : { readonly code: { readonly 'its result must be a Dag': ResultOf<C> } };

/** The results of the sinks of a DAG that a function returned. */
export type SinksOf<D> =
  D extends DagLike<infer V, infer In, infer Inl, infer Used> ? ResultsOf<V, In, Inl, Used, 'sinks'> : Record<string, unknown>;
