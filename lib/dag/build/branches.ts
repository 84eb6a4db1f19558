import type { Primitive } from './condition.js';
import type { Ids, Lookup, Parts } from './parts.js';

/** The conditions on values under ids. As a member, so that the compiler prints the ids and not the name of the type. */
export interface On<I> {
  readonly condition: I | { readonly id: I; readonly is: Primitive } | { readonly id: I; readonly isNot: Primitive };
}

/** The id in a condition, if there is one. */
// With `infer` alone: from `W` in a branch the compiler would infer a condition, where it knows which DAG is to be returned.
export type ConditionId<W> = W extends { readonly id: infer I extends string } ? I : W extends infer I extends string ? I : never;

/** What the consumers of a function get: `undefined` too where it may not run (`W`), or may fail (`O`). */
export type Perhaps<R, W, O> = [W] extends [undefined] ? (O extends true ? R | undefined : R) : R | undefined;

/** Refuses a comparison that can never hold. */
export type WhenCheck<P extends Parts, W> = [W] extends [undefined | string]
  ? unknown
  : W extends { readonly id: infer I extends Ids<P>; readonly is: infer X }
    ? [Lookup<P, I> & X] extends [never]
      ? { readonly 'never true, as the value is': Lookup<P, I> }
      : unknown
    : unknown;
