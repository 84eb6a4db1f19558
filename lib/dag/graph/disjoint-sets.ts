/** Sets of the indices from 0 to `size`, each alone at first. To join and to look up costs nearly nothing, also in a chain of 100,000. */
export class DisjointSets {
  readonly #towards: Int32Array;

  constructor(size: number) {
    this.#towards = Int32Array.from({ length: size }, (_, index) => index);
  }

  /** Returns the lowest index of the set. */
  rootOf(index: number): number {
    const towards = this.#towards;
    let at = index;
    while (towards[at] !== at) {
      // Halves the path for the next look-up (Tarjan and van Leeuwen, 1984).
      towards[at] = towards[towards[at]!]!;
      at = towards[at]!;
    }
    return at;
  }

  /** Joins the sets of two indices. */
  join(index: number, other: number): void {
    const a = this.rootOf(index);
    const b = this.rootOf(other);
    if (a < b) this.#towards[b] = a;
    else this.#towards[a] = b;
  }
}
