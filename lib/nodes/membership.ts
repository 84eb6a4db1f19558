/** How a member stands with this node: up, silent for a while, or about to go. */
export type NodeStatus = 'up' | 'suspect' | 'leaving';

/** A member, as this node knows it. */
export interface MemberState {
  readonly name: string;
  readonly address: string | undefined;
  readonly status: NodeStatus;
}

/** Who is there: this node first, the others by name. Pure; outlives each incarnation of the NodeRegistry. */
export class Membership {
  #self: MemberState;

  constructor(name: string, address: string | undefined) {
    this.#self = { name, address, status: 'up' };
  }

  get members(): readonly MemberState[] {
    return [this.#self];
  }

  find(name: string): MemberState | undefined {
    return this.members.find((member) => member.name === name);
  }

  /** This node takes no more work. */
  leave(): void {
    this.#self = { ...this.#self, status: 'leaving' };
  }
}
