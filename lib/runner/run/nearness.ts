import { DisjointSets, type RunPlan } from '../../dag/index.js';
import { RIDES_ALONG_BYTES } from '../../executor/index.js';

/**
 * Concludes from placed functions where others belong. It records which nodes have, or are getting, a copy of a value because a function
 * there needs it, and how many functions of each family were placed on each node.
 *
 * These are hints, so facts about nodes that are gone stay. They are recorded from the first question on: most strategies ask none.
 * Measured on recorded workflows, four nodes of 32 cpus: copies and families together move a third of the bytes that the places of origin
 * alone do.
 */
export class Nearness {
  readonly #placements: Placements;
  /** By value, that of a function or of input k as -(k+1), the nodes with a copy. Only values that do not ride along. */
  readonly #copies = new Map<number, Set<string>>();
  /** By family, how many functions were placed on each node. */
  readonly #placed = new Map<number, Map<string, number>>();
  #families: Int32Array | undefined;

  constructor(placements: Placements) {
    this.#placements = placements;
  }

  /** Records the node of a function. */
  placed(index: number, node: string): void {
    if (this.#families) this.#note(this.#families, index, node);
  }

  /** Whether a node has a copy of a value, that of a function or of input k as -(k+1), because a function there needs it. */
  hasCopy(value: number, node: string): boolean {
    this.#known();
    return this.#copies.get(value)?.has(node) === true;
  }

  /** Returns how many functions of this one's family were placed on a node. */
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
 * data must move to the consumers that need it all.
 */
export function familiesOf({ size, producers, producersStart }: RunPlan): Int32Array {
  const sets = new DisjointSets(size);
  for (let index = 0; index < size; index += 1) {
    for (let at = producersStart[index]! + 1; at < producersStart[index + 1]!; at += 1) {
      sets.join(producers[at]!, producers[at - 1]!);
    }
  }
  return Int32Array.from({ length: size }, (_, index) => sets.rootOf(index));
}

/** The facts about where a run's functions were placed. */
export interface Placements {
  readonly plan: RunPlan;
  /** The node where each function ran or runs, by index. */
  readonly nodes: readonly (string | undefined)[];
  /** The size of each function's result, by index, bytes; 0 before it has one. */
  readonly sizes: Float64Array;
}
