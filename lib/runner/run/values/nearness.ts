import { DisjointSets, firstEdge, NO_EDGE, type RunPlan } from '../../../dag/index.js';
import { RIDES_ALONG_BYTES } from '../../../executor/index.js';

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
  #families: Families | undefined;

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
    return this.#placed.get(this.#known().of(index))?.get(node) ?? 0;
  }

  #known(): Families {
    if (this.#families) return this.#families;
    const { plan, nodes } = this.#placements;
    const families = new Families(plan);
    for (const [index, node] of nodes.entries()) if (node !== undefined) this.#note(families, index, node);
    this.#families = families;
    return families;
  }

  #note(families: Families, index: number, node: string): void {
    const { plan, columns, composites } = this.#placements;
    const { producers, producersStart, args, argsStart } = plan;
    const number = families.of(index);
    const family = this.#placed.get(number) ?? new Map<string, number>();
    this.#placed.set(number, family);
    family.set(node, (family.get(node) ?? 0) + 1);
    // An element of a map gets no copy of its array.
    const split = composites?.splitFor(index);
    for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) {
      const producer = producers[at]!;
      if (producer !== split && columns.sizes[producer]! > RIDES_ALONG_BYTES) this.#copied(producer, node);
    }
    for (let at = argsStart[index]!; at < argsStart[index + 1]!; at += 1) {
      if (args[at]! < 0 && args[at] !== split) this.#copied(args[at]!, node);
    }
  }

  #copied(value: number, node: string): void {
    const copies = this.#copies.get(value);
    if (copies) copies.add(node);
    else this.#copies.set(value, new Set([node]));
  }
}

/**
 * The family of each function: the connected component of "some consumer needs both values". The more of a family run on one node, the less
 * data must move to the consumers that need it all. A function that needs a composite needs the values of its parts.
 */
class Families {
  readonly #plan: FamilyPlan;
  readonly #ofDag: Int32Array;
  /** By expansion, the families of its insides. */
  readonly #inside = new Map<number, Int32Array>();

  constructor(plan: FamilyPlan) {
    this.#plan = plan;
    this.#ofDag = familiesOf(plan);
  }

  /** Returns the number of a function's family. */
  of(index: number): number {
    let at = index;
    const { added } = this.#plan.shape;
    // The elements of a map are in its own family, as are the functions whose values make the record of an expansion.
    while (added && at >= added.baseSize) {
      const by = added.parentOf[at]!;
      const inside = added.parts.get(by)!;
      // Until all its functions have been added, those of a large expansion are one family.
      if (inside.sinks && inside.count === inside.total && inside.ranges.length === 2) {
        const first = inside.ranges[0]!;
        const root = this.#familiesIn(by, first, inside.ranges[1]! - first)[at - first]!;
        if (firstEdge(this.#plan.shape, root) !== NO_EDGE) return root;
      }
      at = by;
    }
    return this.#ofDag[at]!;
  }

  /** Returns the families of the insides of an expansion, which have all been added, one after another. */
  #familiesIn(expansion: number, first: number, count: number): Int32Array {
    let families = this.#inside.get(expansion);
    if (!families) {
      families = familiesOf(this.#plan, first, count);
      this.#inside.set(expansion, families);
    }
    return families;
  }
}

/** Returns the families of `count` functions from the `first` on, as far as these consume each other. */
export function familiesOf({ size, producers, producersStart }: FamilyPlan, first = 0, count = size): Int32Array {
  const sets = new DisjointSets(count);
  for (let index = first; index < first + count; index += 1) {
    let joined: number | undefined;
    for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) {
      const producer = producers[at]! - first;
      if (producer < 0 || producer >= count) continue;
      if (joined !== undefined) sets.join(producer, joined);
      joined = producer;
    }
  }
  return Int32Array.from({ length: count }, (_, place) => first + sets.rootOf(place));
}

type FamilyPlan = Pick<RunPlan, 'size' | 'producers' | 'producersStart' | 'shape'>;

/** The facts about where a run's functions were placed. */
export interface Placements {
  readonly plan: RunPlan;
  /** The node where each function ran or runs, by index. */
  readonly nodes: readonly (string | undefined)[];
  /** The size of each function's result, by index, bytes; 0 before it has one. */
  readonly columns: { readonly sizes: Float64Array };
  readonly composites: { splitFor(index: number): number | undefined } | undefined;
}
