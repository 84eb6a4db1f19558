import { inSteps, type StepwiseWork } from '../../base/index.js';
import type { Adjacency } from './adjacency.js';
import { FLAGS, type GraphSnapshot } from './graph.js';

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

/** How many wires are numbered in one step. */
const WIRES_IN_STEP = 4096;

/**
 * Returns the wires of a DAG, in steps. `undefined` if one names nothing, or an inline function, which has no value of its own. `numberAt`
 * has the numbers of functions by position, unless they are the same.
 */
export function* wiresOf(snapshot: GraphSnapshot, numberAt: Int32Array | undefined): StepwiseWork<Wires | undefined> {
  const { graph, size, regularCount, allFlags } = snapshot;
  if ((allFlags & (FLAGS.map | FLAGS.branches)) === 0) return NO_WIRES;
  const wires = { overs: new Map<number, number>(), whens: new Map<number, number>() };
  for (const [column, numbered] of [
    [graph.overAt, wires.overs],
    [graph.whenAt, wires.whens],
  ] as const) {
    for (const [position, id] of column) {
      // Positions ascend: the others were added later.
      if (position >= size) break;
      const found = snapshot.definedAs(id);
      const number = found > 0 ? (numberAt?.[found - 1] ?? found - 1) : found;
      if (found === 0 || number >= regularCount) return undefined;
      numbered.set(numberAt?.[position] ?? position, number);
      if (numbered.size % WIRES_IN_STEP === 0) yield;
    }
  }
  return wires;
}

/** Returns the lists of arguments with the wires at their ends, in steps. */
export function* withWires({ start, items }: Adjacency, { overs, whens }: Wires): StepwiseWork<Adjacency> {
  const size = start.length - 1;
  const wiredStart = new Int32Array(size + 1);
  const wired = new Int32Array(items.length + overs.size + whens.size);
  let next = 0;
  yield* inSteps(size, (from, to) => {
    for (let number = from; number < to; number++) {
      for (let k = start[number]!; k < start[number + 1]!; k++) wired[next++] = items[k]!;
      const over = overs.get(number);
      if (over !== undefined) wired[next++] = over;
      const when = whens.get(number);
      if (when !== undefined) wired[next++] = when;
      wiredStart[number + 1] = next;
    }
  });
  return { start: wiredStart, items: wired };
}
