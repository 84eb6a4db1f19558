import { type Capabilities, checkedCapabilities } from '../allocator/index.js';
import type { NodeStatus } from '../nodes/index.js';
import type { NodeParts } from './node/node-parts.js';
import { checkId, type StationClient } from './node/station-client.js';

/** A member of the cluster. */
export interface NodeInfo {
  readonly name: string;
  readonly address?: string;
  readonly status: NodeStatus;
  /** Exactly as registered; empty while nothing has been heard of it. */
  readonly capabilities: Capabilities;
  readonly used: Capabilities;
  /** Attempts under way, of all drivers. */
  readonly running: number;
  /** Those of them that were given up and whose thread is blocked in a system call. */
  readonly blocked: number;
}

/** Who is there, and what they have: the part of `Handoff` that asks ledgers. */
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

  /** This node first, then the others by name. */
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
        capabilities: Object.fromEntries(content?.capabilities ?? []),
        used: Object.fromEntries(content?.used ?? []),
        running: content?.running ?? 0,
        blocked: content?.blocked ?? 0,
      };
    });
  }

  /** Of those that have said what they have. */
  async capabilities(): Promise<readonly (readonly [string, Capabilities])[]> {
    const { membership } = this.#tables;
    const known = (await this.nodes()).filter(({ name }) => membership.contentOf(name) !== undefined);
    return known.map(({ name, capabilities }) => [name, capabilities]);
  }

  /** Whether it is another node; `HANDOFF_NODE_UNKNOWN` for one that is no member. */
  async #isElsewhere(node: string): Promise<boolean> {
    checkId(node, 'node');
    await this.#desk.ask('NodeRegistry', (replyTo) => ({ type: 'find-member', name: node, replyTo }));
    this.#tables.cluster.member(node);
    return node !== this.#node;
  }
}
