import type { LinkConditions } from '../peer/index.js';

const key = (a: string, b: string): string => JSON.stringify(a < b ? [a, b] : [b, a]);

/**
 * The faults between the nodes of a cluster, in both directions: those of links, partitions, and paused nodes. All of them apply together.
 */
export class LinkBook {
  readonly #faults = new Map<string, LinkConditions>();
  readonly #paused = new Set<string>();
  readonly #watchers = new Set<() => void>();
  /** For each partition, the side of every node in it. */
  #partitions: ReadonlyMap<string, number>[] = [];

  /** Calls `changed` for every change, within the call that made it. Returns a function that ends that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  /** Replaces the faults of one link; `{}` removes them. */
  set(a: string, b: string, faults: LinkConditions): void {
    this.#faults.set(key(a, b), faults);
    this.#changed();
  }

  /** Cuts the sides off from each other, in addition to existing partitions. */
  partition(sides: readonly (readonly string[])[]): void {
    this.#partitions.push(new Map(sides.flatMap((names, side) => names.map((name) => [name, side] as const))));
    this.#changed();
  }

  /** Ends all partitions. */
  heal(): void {
    this.#partitions = [];
    this.#changed();
  }

  pause(name: string): void {
    this.#paused.add(name);
    this.#changed();
  }

  resume(name: string): void {
    if (this.#paused.delete(name)) this.#changed();
  }

  isCut(a: string, b: string): boolean {
    return this.#partitions.some((sides) => {
      const [one, other] = [sides.get(a), sides.get(b)];
      return one !== undefined && other !== undefined && one !== other;
    });
  }

  /** Returns the present conditions between two nodes. A name that is no node of the cluster has no faults. */
  conditions(a: string | undefined, b: string): LinkConditions {
    const stands = this.#paused.has(b) || (a !== undefined && (this.#paused.has(a) || this.isCut(a, b)));
    const faults = (a !== undefined && this.#faults.get(key(a, b))) || {};
    return stands ? { ...faults, stall: true } : faults;
  }

  #changed(): void {
    for (const changed of [...this.#watchers]) changed();
  }
}
