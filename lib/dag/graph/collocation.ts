import { inSteps, type RestOfWork, resultInSteps, type StepwiseWork } from '../../base/index.js';
import type { FunctionSpec } from '../build/function-spec.js';
import { DisjointSets } from './disjoint-sets.js';

/** Where functions may go, as far as the DAG says, by index. */
export interface Placement {
  /** The name of the node that the function or its group is pinned to. */
  readonly pin: readonly (string | undefined)[];
  /** 1 if only the driver may run it, because of itself or of a member of its group. */
  readonly bound: Uint8Array;
  /** The number of its group, or -1. */
  readonly group: Int32Array;
  /** How many groups there are. */
  readonly groupCount: number;
}

/** Returns the id that a function is collocated with. */
export function collocationOf(spec: FunctionSpec): string | undefined {
  return typeof spec.node === 'object' && spec.node !== null && 'collocatedWith' in spec.node ? spec.node.collocatedWith : undefined;
}

/** Returns the placement of functions without any `node`, in steps. */
export function placedAnywhere(closure: Uint8Array): RestOfWork<Placement> {
  const size = closure.length;
  const bound = new Uint8Array(size);
  return resultInSteps(size, binding(bound, closure), () => {
    return { pin: new Array<undefined>(size).fill(undefined), bound, group: new Int32Array(size).fill(-1), groupCount: 0 };
  });
}

const binding =
  (bound: Uint8Array, closure: Uint8Array) =>
  (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (closure[i] !== 0) bound[i] = 1;
  };

/**
 * Returns pins, bindings and groups of regular functions, in steps; `undefined` if a collocation is wrong: an unknown or wrong id, a map or
 * an expansion, or a cycle.
 */
export function* placementOf(
  specs: readonly FunctionSpec[],
  indexOf: ReadonlyMap<string, number>,
  closure: Uint8Array,
): StepwiseWork<Placement | undefined> {
  const size = specs.length;
  const pin: (string | undefined)[] = new Array(size).fill(undefined);
  const bound = new Uint8Array(size);
  yield* inSteps(size, binding(bound, closure));
  let hasGroups = false;
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) {
      const { node } = specs[i]!;
      if (node === undefined) continue;
      if (typeof node === 'string') pin[i] = node;
      else if ('onDriver' in node) bound[i] = 1;
      else hasGroups = true;
    }
  });
  if (!hasGroups) return { pin, bound, group: new Int32Array(size).fill(-1), groupCount: 0 };

  const next = new Int32Array(size).fill(-1);
  let isWrong = false;
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) {
      const target = collocationOf(specs[i]!);
      if (target === undefined) continue;
      const index = indexOf.get(target);
      if (index === undefined || specs[index]!.type !== 'regular') isWrong = true;
      else next[i] = index;
    }
  });
  yield;
  if (isWrong || chainCycles(next).length > 0) return undefined;
  yield;
  const { group, groupCount } = groupsOf(next);
  yield;
  const groupPin: (string | undefined)[] = new Array(groupCount).fill(undefined);
  const groupBound = new Uint8Array(groupCount);
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) {
      const number = group[i]!;
      if (number === -1) continue;
      if (bound[i] === 1) groupBound[number] = 1;
      // At most one member has a pin: the others are collocated.
      if (pin[i] !== undefined) groupPin[number] = pin[i];
    }
  });
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) {
      const number = group[i]!;
      if (number === -1) continue;
      pin[i] = groupPin[number];
      bound[i] = groupBound[number]!;
    }
  });
  return { pin, bound, group, groupCount };
}

/**
 * Finds the cycles of chains in which each index has one next index, or -1. Each cycle is listed once, from its lowest index along `next`,
 * without repeating it at the end.
 */
export function chainCycles(next: Int32Array): number[][] {
  // 0 means unseen; otherwise the number of the walk that came here first.
  const walkOf = new Int32Array(next.length);
  const cycles: number[][] = [];
  for (let first = 0; first < next.length; first++) {
    let current = first;
    while (current !== -1 && walkOf[current] === 0) {
      walkOf[current] = first + 1;
      current = next[current]!;
    }
    if (current === -1 || walkOf[current] !== first + 1) continue;
    const cycle = [current];
    for (let i = next[current]!; i !== current; i = next[i]!) cycle.push(i);
    const lowest = cycle.reduce((best, index, at) => (index < cycle[best]! ? at : best), 0);
    cycles.push([...cycle.slice(lowest), ...cycle.slice(0, lowest)]);
  }
  return cycles;
}

/** Joins each index with its next one. Groups are numbered in the order of their first members. */
export function groupsOf(next: Int32Array): { readonly group: Int32Array; readonly groupCount: number } {
  const sets = new DisjointSets(next.length);
  const isMember = new Uint8Array(next.length);
  for (let i = 0; i < next.length; i++) {
    if (next[i] === -1) continue;
    isMember[i] = 1;
    isMember[next[i]!] = 1;
    sets.join(i, next[i]!);
  }
  const group = new Int32Array(next.length).fill(-1);
  let groupCount = 0;
  for (let i = 0; i < next.length; i++) {
    if (isMember[i] === 0) continue;
    const first = sets.rootOf(i);
    // A root is the lowest index of its group, so it is numbered before the other members.
    if (first === i) group[i] = groupCount++;
    else group[i] = group[first]!;
  }
  return { group, groupCount };
}
