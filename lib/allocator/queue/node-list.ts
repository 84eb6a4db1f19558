// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { PlacementNode } from './claim-class.js';

const nobody = (): void => {};

/**
 * The members, each with its position, and a log of changed capacities, so that placing a function need not scan a thousand members. A
 * reader resumes where it stopped; one that fell too far behind rescans.
 */
export class NodeList {
  readonly members: readonly PlacementNode[];
  readonly #positions: ReadonlyMap<string, number>;
  #log: number[] = [];
  #dropped = 0;
  readonly #used: (Capabilities | undefined)[];

  constructor(members: readonly PlacementNode[]) {
    this.members = members;
    this.#used = new Array<Capabilities | undefined>(members.length).fill(undefined);
    this.#positions = new Map(members.map(({ name }, at) => [name, at]));
    for (const [at, { capacity: room }] of members.entries()) room.watch(() => this.#changed(at));
  }

  /** How many changes there were. */
  get changes(): number {
    return this.#dropped + this.#log.length;
  }

  /** Returns the position of a member, or -1 for any other node. */
  positionOf(name: string): number {
    return this.#positions.get(name) ?? -1;
  }

  /** What is in use there: the same record until something changes. Read only. */
  usedAt(at: number): Capabilities {
    let used = this.#used[at];
    if (!used) {
      used = this.members[at]!.capacity.used;
      this.#used[at] = used;
    }
    return used;
  }

  /**
   * Calls `look` with the position of each member whose capacity has changed since the log had `changes` entries. Returns false if that is
   * too long ago to know.
   */
  changedSince(changes: number, look: (at: number) => void): boolean {
    if (changes < this.#dropped) return false;
    for (let entry = changes - this.#dropped; entry < this.#log.length; entry += 1) look(this.#log[entry]!);
    return true;
  }

  /** Another list replaces it. */
  close(): void {
    for (const { capacity: room } of this.members) room.watch(nobody);
  }

  #changed(at: number): void {
    this.#used[at] = undefined;
    // By then reading the log is as much work as looking at every member.
    if (this.#log.length > 2 * this.members.length) {
      this.#dropped += this.#log.length;
      this.#log = [];
    }
    this.#log.push(at);
  }
}
