import type { Asker, Member } from './allocation.js';
import type { Prospects, Reserved } from './prospects.js';
import type { Capabilities, NodeView } from './strategy.js';

/** A node as one of our own strategies sees it, who keep nothing of it: the same object each time, and what they do not look at is not computed. */
class FreeNode implements NodeView {
  readonly name: string;
  readonly isSelf: boolean;
  readonly fits = true;
  readonly #member: Member;
  readonly #views: Views;

  constructor(member: Member, views: Views) {
    this.name = member.name;
    this.isSelf = member.isSelf;
    this.#member = member;
    this.#views = views;
  }

  get capabilities(): Capabilities {
    return this.#member.room.capabilities;
  }

  get used(): Capabilities {
    return this.#member.room.used;
  }

  get bytesToMove(): number {
    return this.#views.asker.bytesToMove(this.#views.index, this.name);
  }
}

/** What strategies are shown of the members that could hold one kind of claim of one run. */
export class Views {
  readonly asker: Asker;
  /** The function that is to be placed. */
  index = 0;
  readonly #prospects: Prospects;
  readonly #free: FreeNode[] = [];

  constructor(asker: Asker, prospects: Prospects) {
    this.asker = asker;
    this.#prospects = prospects;
  }

  /** Only those that have room. Valid until the next call. */
  withRoom(index: number, reserved: Reserved | undefined): readonly NodeView[] {
    this.index = index;
    const prospects = this.#prospects;
    const nodes: NodeView[] = [];
    for (let at = prospects.withRoom(reserved); at >= 0; at = prospects.withRoom(reserved, at + 1)) {
      this.#free[at] ??= new FreeNode(prospects.roster.members[at]!, this);
      nodes.push(this.#free[at]);
    }
    return nodes;
  }

  /** All of them, as plain objects: others' strategies may keep them, or spread them. */
  all(index: number, reserved: Reserved | undefined): readonly NodeView[] {
    const { roster, eligible } = this.#prospects;
    return eligible.map((at): NodeView => {
      const { name, isSelf, room } = roster.members[at]!;
      const { capabilities, used } = room;
      const fits = this.#prospects.hasRoom(at, reserved);
      return { name, isSelf, capabilities, used, fits, bytesToMove: this.asker.bytesToMove(index, name) };
    });
  }
}
