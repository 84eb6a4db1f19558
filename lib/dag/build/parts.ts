/**
 * The values of a DAG by id, as its methods keep them. The last 24 additions stand apart, with their count. With one growing type each
 * value would be found through all later functions: after 50 of them the compiler gives up ("excessively deep"), and it would have to write
 * out every one.
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

/** The parts with the values of another DAG, as one addition. */
export type GrownBy<P extends Parts, N extends object> = P['count'] extends keyof After
  ? {
      readonly older: P['older'];
      readonly recent: { [K in keyof P['recent'] | keyof N]: K extends keyof P['recent'] ? P['recent'][K] : N[K & keyof N] };
      readonly count: After[P['count']];
    }
  : { readonly older: P['older'] & P['recent']; readonly recent: N; readonly count: 1 };

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

/** The value under an id. */
export type Lookup<P extends Parts, K> = [K] extends [keyof P['older']]
  ? P['older'][K]
  : [K] extends [keyof P['recent']]
    ? P['recent'][K]
    : (P['older'] & P['recent'])[K & Ids<P>];

/** Types that no value has: the compiler prints their sentences. As members, since it would print the name of a type instead. */
export interface Sentences {
  /** Beside an id that the DAG did not have when the method was called. */
  readonly noSuchId: { readonly 'no such id here: chain add(...).add(...), keep what add returns, or use Dag.dynamic()': never };
}
