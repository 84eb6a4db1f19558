// Brain: pure.
import type { StepwiseWork } from '../../../base/index.js';
import type { PlanGrowth, When } from '../../graph/growth.js';

/** What a plan says of maps, expansions and conditions, as plain data. Both are empty if it has none. */
export interface WireRecord {
  /**
   * A row of five for each map, each expansion and each function with a condition, in ascending order of their numbers. The five are: its
   * number; 0 for a function, 1 for a map, 2 for an expansion; what the map goes over; what the condition looks at; the index of its test.
   * A producer is the number of a function, or -(k+1) for input k. `NO_WIRE` stands for none.
   */
  readonly wires: Int32Array;
  /** The tests of conditions, each once. */
  readonly tests: readonly When['test'][];
}

/** Stands for what a function does not have. */
export const NO_WIRE = 0x7fffffff;

const ROW = 5;
const ROWS_IN_STEP = 2000;

/** The types in the second place of a row. */
const WIRED_TYPES = ['regular', 'map', 'expand'] as const;

/** Records what a plan says of maps, expansions and conditions, in steps. Linear. */
export function* recordWires(growth: PlanGrowth | undefined): StepwiseWork<WireRecord> {
  if (growth === undefined) return { wires: new Int32Array(0), tests: [] };
  const { maps, expansions, whens } = growth;
  const numbers = Int32Array.from(new Set([...maps.keys(), ...expansions, ...whens.keys()])).sort();
  const wires = new Int32Array(numbers.length * ROW);
  const tests: When['test'][] = [];
  const known = new Map<string, number>();
  for (const [at, number] of numbers.entries()) {
    const map = maps.get(number);
    const when = whens.get(number);
    let test = NO_WIRE;
    if (when !== undefined) {
      const key = keyOfTest(when.test);
      test = known.get(key) ?? tests.push(when.test) - 1;
      known.set(key, test);
    }
    wires.set([number, map ? 1 : expansions.has(number) ? 2 : 0, map?.over ?? NO_WIRE, when?.on ?? NO_WIRE, test], at * ROW);
    if (at % ROWS_IN_STEP === ROWS_IN_STEP - 1) yield;
  }
  return { wires, tests };
}

/** The row of one function. */
export interface WireRow {
  readonly type: (typeof WIRED_TYPES)[number];
  readonly over: number;
  readonly on: number;
  readonly test: When['test'] | undefined;
}

const PLAIN: WireRow = { type: 'regular', over: NO_WIRE, on: NO_WIRE, test: undefined };

/** Reads the rows of a record by the number of the function. A look-up is a binary search. The record of an older version has no tests. */
export class WireRows {
  readonly #wires: Int32Array;
  readonly #tests: readonly When['test'][];

  constructor({ wires, tests }: WireRecord) {
    this.#wires = wires;
    this.#tests = tests;
  }

  get count(): number {
    return this.#wires.length / ROW;
  }

  of(number: number): WireRow {
    const wires = this.#wires;
    let [from, to] = [0, this.count];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (wires[middle * ROW]! < number) from = middle + 1;
      else to = middle;
    }
    // Beyond the last row it is undefined.
    if (wires[from * ROW] !== number) return PLAIN;
    const at = from * ROW;
    return { type: WIRED_TYPES[wires[at + 1]!]!, over: wires[at + 2]!, on: wires[at + 3]!, test: this.#tests[wires[at + 4]!] };
  }
}

/** Returns a text that is equal for equal tests. JSON knows no -0. */
export function keyOfTest(test: When['test'] | undefined): string {
  return JSON.stringify(test, (_, value: unknown) => (Object.is(value, -0) ? ['-0'] : value));
}
