/**
 * What functions wait for besides their arguments, by number: what a map goes over, and what a condition looks at. Each is a regular
 * function, or -(k+1) for input k.
 */
export interface Wires {
  readonly overs: ReadonlyMap<number, number>;
  readonly whens: ReadonlyMap<number, number>;
}

const NOTHING: ReadonlyMap<number, number> = new Map();

/** The wires of a DAG that has no map and no condition. */
export const NO_WIRES: Wires = { overs: NOTHING, whens: NOTHING };
