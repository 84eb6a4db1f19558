import type { Capacity } from '../capacity/capacity.js';
import type { Eligibility, Reserved } from '../queue/eligibility.js';
import type { NodeList } from '../queue/node-list.js';
import type { Capabilities, NodeView } from '../strategy.js';

/**
 * A node as built-in strategies see it. They keep no reference to it, so it is the same object each time, and its fields are computed when
 * read.
 */
class FreeNode implements NodeView {
  readonly name: string;
  readonly isSelf: boolean;
  readonly fits = true;
  readonly #views: NodeViews;
  readonly #room: Capacity;
  readonly #at: number;

  constructor(views: NodeViews, at: number) {
    const { name, isSelf, capacity: room } = views.roster.members[at]!;
    this.name = name;
    this.isSelf = isSelf;
    this.#views = views;
    this.#room = room;
    this.#at = at;
  }

  get capabilities(): Capabilities {
    return this.#room.capabilities;
  }

  get used(): Capabilities {
    return this.#views.roster.usedAt(this.#at);
  }

  get bytesToMove(): number {
    return this.#views.bytesToMove(this.#views.index, this.name);
  }

  get kin(): number {
    return this.#views.kin(this.#views.index, this.name);
  }
}

/** The views that strategies get of the members that could hold one class of claims of one run. */
export class NodeViews {
  readonly #locations: ValueLocations | undefined;
  /** The function to place. */
  index = 0;
  /** The nodes that it shows. */
  readonly eligibility: Eligibility;
  readonly #free: FreeNode[] = [];

  constructor(locations: ValueLocations | undefined, eligibility: Eligibility) {
    this.#locations = locations;
    this.eligibility = eligibility;
  }

  get roster(): NodeList {
    return this.eligibility.roster;
  }

  bytesToMove(index: number, node: string): number {
    return this.#locations?.bytesToMove(index, node) ?? 0;
  }

  kin(index: number, node: string): number {
    return this.#locations?.kin(index, node) ?? 0;
  }

  /** Returns only nodes with room. Valid until the next call. */
  withRoom(index: number, reserved: Reserved | undefined): readonly NodeView[] {
    this.index = index;
    const { eligibility } = this;
    const nodes: NodeView[] = [];
    for (let at = eligibility.withRoom(reserved); at >= 0; at = eligibility.withRoom(reserved, at + 1)) {
      this.#free[at] ??= new FreeNode(this, at);
      nodes.push(this.#free[at]);
    }
    return nodes;
  }

  /** Returns all nodes, as plain objects: users' strategies may keep them, or spread them. */
  all(index: number, reserved: Reserved | undefined): readonly NodeView[] {
    const { roster, eligible } = this.eligibility;
    return eligible.map((at): NodeView => {
      const { name, isSelf, capacity: room } = roster.members[at]!;
      const { capabilities, used } = room;
      const fits = this.eligibility.hasRoom(at, reserved);
      return { name, isSelf, capabilities, used, fits, bytesToMove: this.bytesToMove(index, name), kin: this.kin(index, name) };
    });
  }

  /** Whether it has shown a node of that name. What a strategy was shown does not tell: it may have changed that. */
  hasShown(name: string, onlyWithRoom: boolean, reserved: Reserved | undefined): boolean {
    const at = this.roster.positionOf(name);
    return at >= 0 && (onlyWithRoom ? this.eligibility.hasRoom(at, reserved) : this.eligibility.isEligible(at));
  }

  /** Returns the names of the nodes that it has shown. */
  shown(onlyWithRoom: boolean, reserved: Reserved | undefined): readonly string[] {
    const names = this.eligibility.eligible.map((at) => this.roster.members[at]!.name);
    return names.filter((name) => this.hasShown(name, onlyWithRoom, reserved));
  }
}

/** What a run knows about where the values of its functions are, or will be. */
export interface ValueLocations {
  /** Returns how many bytes of a function's arguments are on other nodes, and not on their way to this one. */
  bytesToMove(index: number, node: string): number;
  /** See `NodeView.kin`. */
  kin(index: number, node: string): number;
  /** Records the node of a function. Called before the next one is placed. */
  placed(index: number, node: string): void;
}
