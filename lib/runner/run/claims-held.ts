/**
 * Which functions of a run hold a claim, and where. Columns by index: a map of what comes and goes costs each function more than its places
 * here.
 */
export class ClaimsHeld {
  readonly #nodes: (string | undefined)[];
  readonly #mayQueue: Uint8Array;
  #count = 0;

  /** For a run of so many functions. */
  constructor(functions: number) {
    this.#nodes = new Array<string | undefined>(functions).fill(undefined);
    this.#mayQueue = new Uint8Array(functions);
  }

  get count(): number {
    return this.#count;
  }

  /** The functions that hold one. */
  get indices(): readonly number[] {
    return [...this.#nodes.keys()].filter((index) => this.#nodes[index] !== undefined);
  }

  /** `mayQueue`: whether it may wait there for room. */
  add(index: number, node: string, mayQueue: boolean): void {
    if (this.#nodes[index] === undefined) this.#count += 1;
    this.#nodes[index] = node;
    this.#mayQueue[index] = Number(mayQueue);
  }

  /** The node where a function holds one. */
  nodeOf(index: number): string | undefined {
    return this.#nodes[index];
  }

  mayQueue(index: number): boolean {
    return this.#mayQueue[index] === 1;
  }

  /** The node where it was; `undefined` if it holds none. */
  remove(index: number): string | undefined {
    const node = this.#nodes[index];
    if (node === undefined) return undefined;
    this.#nodes[index] = undefined;
    this.#mayQueue[index] = 0;
    this.#count -= 1;
    return node;
  }
}
