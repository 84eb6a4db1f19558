import type { Plan } from '../../dag/index.js';
import { RIDES_ALONG_BYTES } from '../../executor/index.js';

/** What is known of where a run's functions were placed. */
export interface Placements {
  readonly plan: Plan;
  /** Where each function ran or runs, by index. */
  readonly nodes: readonly (string | undefined)[];
  /** How large the result of each function is, by index: 0 before it has one. */
  readonly sizes: Float64Array;
}

/**
 * What the placement of some functions says about where others belong: which nodes have, or are getting, a copy of a value because
 * something that needs it was placed there; and how many of a function's family were placed on each. Hints, so what was noted of a node
 * that is gone stays. Kept from the first question on: most strategies ask none. Measured on recorded workflows, four nodes of 32 cpus:
 * copies and families together move a third of the bytes that the places of origin alone do.
 */
export class Nearness {
  readonly #placements: Placements;
  /** By function whose value it is, or -(k+1) for input k. Only of values that do not ride along. */
  readonly #copies = new Map<number, Set<string>>();
  /** By family: how many were placed on each node. */
  readonly #placed = new Map<number, Map<string, number>>();
  #families: Int32Array | undefined;

  constructor(placements: Placements) {
    this.#placements = placements;
  }

  /** A function was given a node. */
  placed(index: number, node: string): void {
    if (this.#families) this.#note(this.#families, index, node);
  }

  /** Whether a node has a copy of a value, that of a function or of input k, -(k+1), because something there needs it. */
  hasCopy(value: number, node: string): boolean {
    this.#known();
    return this.#copies.get(value)?.has(node) === true;
  }

  /** How many functions of the family of this one were placed on a node. */
  kin(index: number, node: string): number {
    return this.#placed.get(this.#known()[index]!)?.get(node) ?? 0;
  }

  #known(): Int32Array {
    if (this.#families) return this.#families;
    const { plan, nodes } = this.#placements;
    const families = familiesOf(plan);
    for (const [index, node] of nodes.entries()) if (node !== undefined) this.#note(families, index, node);
    this.#families = families;
    return families;
  }

  #note(families: Int32Array, index: number, node: string): void {
    const { plan, sizes } = this.#placements;
    const { producers, producersStart, args, argsStart } = plan;
    const family = this.#placed.get(families[index]!) ?? new Map<string, number>();
    this.#placed.set(families[index]!, family);
    family.set(node, (family.get(node) ?? 0) + 1);
    for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) {
      const producer = producers[at]!;
      if (sizes[producer]! > RIDES_ALONG_BYTES) this.#copied(producer, node);
    }
    for (let at = argsStart[index]!; at < argsStart[index + 1]!; at += 1) if (args[at]! < 0) this.#copied(args[at]!, node);
  }

  #copied(value: number, node: string): void {
    const copies = this.#copies.get(value);
    if (copies) copies.add(node);
    else this.#copies.set(value, new Set([node]));
  }
}

/**
 * The family of each function: the connected component of "some consumer needs both values". The more of a family run on one node, the less
 * has to move to those who need it all.
 */
export function familiesOf({ size, producers, producersStart }: Plan): Int32Array {
  const towards = Int32Array.from({ length: size }, (_, index) => index);
  const rootOf = (index: number): number => {
    let at = index;
    while (towards[at] !== at) {
      // Halves the path for the next lookup.
      towards[at] = towards[towards[at]!]!;
      at = towards[at]!;
    }
    return at;
  };
  for (let index = 0; index < size; index += 1) {
    for (let at = producersStart[index]! + 1; at < producersStart[index + 1]!; at += 1) {
      towards[rootOf(producers[at]!)] = rootOf(producers[at - 1]!);
    }
  }
  return Int32Array.from(towards, (_, index) => rootOf(index));
}
