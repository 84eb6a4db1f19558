import { type Capabilities, checkedCapabilities } from '../allocator/index.js';
import { withoutSlots } from '../base/index.js';
import type { NodeStatus } from '../nodes/index.js';
import type { HeldValues } from '../observe/index.js';
import { heldValuesIn } from './cluster/status.js';
import type { NodeParts } from './node/node-parts.js';
import { checkId, type StationClient } from './node/station-client.js';

/** The part of `Handoff` that asks ledgers: the members, and what they have. */
export class NodeResources {
  readonly #node: string;
  readonly #tables: NodeParts;
  readonly #desk: StationClient;

  constructor(node: string, tables: NodeParts, desk: StationClient) {
    this.#node = node;
    this.#tables = tables;
    this.#desk = desk;
  }

  async register(node: string, capabilities: Capabilities): Promise<void> {
    const checked = checkedCapabilities(capabilities, 'capabilities');
    const { cluster, membership } = this.#tables;
    if (await this.#isElsewhere(node)) {
      await cluster.ask(node, { kind: 'register-capabilities', capabilities: Object.entries(checked) });
      return;
    }
    await this.#desk.ask('Allocator', (replyTo) => ({ type: 'register-capabilities', capabilities: checked, replyTo }));
    membership.beatNow();
  }

  async areAvailable(node: string, required: Capabilities): Promise<boolean> {
    const checked = checkedCapabilities(required, 'required');
    if (await this.#isElsewhere(node)) {
      return (await this.#tables.cluster.ask(node, { kind: 'check-room', required: Object.entries(checked) })) === true;
    }
    return this.#desk.ask<boolean, 'Allocator'>('Allocator', (replyTo) => ({ type: 'check-room', required: checked, replyTo }));
  }

  /** Returns this node first, then the others by name. */
  async nodes(): Promise<readonly NodeInfo[]> {
    const members = await this.#desk.ask<readonly { name: string; address: string | undefined; status: NodeStatus }[], 'NodeRegistry'>(
      'NodeRegistry',
      (replyTo) => ({ type: 'list-members', replyTo }),
    );
    return members.map(({ name, address, status }): NodeInfo => {
      const content = this.#tables.membership.contentOf(name);
      return {
        name,
        ...(address === undefined ? {} : { address }),
        status,
        capabilities: Object.fromEntries(withoutSlots(content?.capabilities ?? [])),
        used: Object.fromEntries(withoutSlots(content?.used ?? [])),
        running: content?.running ?? 0,
        blocked: content?.blocked ?? 0,
        held: heldValuesIn(content),
      };
    });
  }

  /** Returns the capabilities of the members that have reported. */
  async capabilities(): Promise<readonly (readonly [string, Capabilities])[]> {
    const { membership } = this.#tables;
    const known = (await this.nodes()).filter(({ name }) => membership.contentOf(name) !== undefined);
    return known.map(({ name, capabilities }) => [name, capabilities]);
  }

  /** Whether it is another node. Throws `HANDOFF_NODE_UNKNOWN` if it is no member. */
  async #isElsewhere(node: string): Promise<boolean> {
    checkId(node, 'node');
    await this.#desk.ask('NodeRegistry', (replyTo) => ({ type: 'find-member', name: node, replyTo }));
    this.#tables.cluster.member(node);
    return node !== this.#node;
  }
}

/** A member of the cluster. */
export interface NodeInfo {
  readonly name: string;
  /** The URL at which others reach it, if it listens. */
  readonly address?: string;
  /** `'suspect'`: silent for half of the heartbeat's time-out. `'leaving'`: accepts no more work. */
  readonly status: NodeStatus;
  /** Exactly as registered; empty until the member has reported. */
  readonly capabilities: Capabilities;
  /** What running functions hold, of all drivers. */
  readonly used: Capabilities;
  /** The number of attempts in progress, of all drivers. */
  readonly running: number;
  /** How many of those attempts were given up while their code goes on, mostly in a thread that is blocked in a system call. */
  readonly blocked: number;
  /** What the values kept there take, bytes: in memory, and on the disk. */
  readonly held: HeldValues;
}
