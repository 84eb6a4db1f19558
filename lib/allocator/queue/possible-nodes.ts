// Brain: pure.
import type { ClaimClass, CollocationGroup, PlacementNode } from './claim-class.js';
import { Eligibility } from './eligibility.js';
import type { NodeList } from './node-list.js';

/** It is known for so many classes who could hold them. */
const MOST_KNOWN = 64;

/** Returns whether a member may hold the claim, and could if it were idle. */
export function couldHold(claim: ClaimClass, nodes: NodeList): (member: PlacementNode) => boolean {
  const only = nodeOf(claim.group, nodes) ?? claim.pinnedTo;
  const claims = claim.group?.claims ?? [claim];
  return ({ name, capacity }) =>
    (only === undefined || name === only) && claims.every((one) => !one.differs?.has(name) && capacity.canEverHold(one));
}

/** Returns the node of a group; `undefined` before the first member is placed, and once that node is gone. */
export function nodeOf(group: CollocationGroup | undefined, nodes: NodeList): string | undefined {
  return group?.node !== undefined && nodes.positionOf(group.node) >= 0 ? group.node : undefined;
}

/** What is known of the latest classes that runs may share. */
export class KnownEligibility {
  readonly #known = new Map<ClaimClass, Eligibility>();

  /** The members, or what they have, may have changed. */
  clear(): void {
    this.#known.clear();
  }

  /** Runs have most classes in common. Those of a group, or of modules, belong to one run. */
  of(claim: ClaimClass, nodes: NodeList): Eligibility {
    const known = this.#known.get(claim);
    if (known) return known;
    const made = new Eligibility(nodes, couldHold(claim, nodes), claim);
    if (claim.group || claim.modules) return made;
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    this.#known.set(claim, made);
    return made;
  }
}
