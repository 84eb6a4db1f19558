// Brain: pure.
import { HandoffError } from '../../base/index.js';
import { describe } from '../capacity/resources.js';
import type { ClaimClass, PlacementNode } from './claim-class.js';

/** Returns why no member could ever hold the class: what it needs, and the best node. */
export function impossible(kind: ClaimClass, functionId: string, members: readonly PlacementNode[]): HandoffError {
  const allowed = members.filter((member) => kind.pinnedTo === undefined || member.name === kind.pinnedTo);
  if (allowed.length === 0) {
    const message = `Cannot place function "${functionId}": node "${kind.pinnedTo}" is not a member`;
    return new HandoffError('HANDOFF_NODE_UNKNOWN', message, { functionId, node: kind.pinnedTo });
  }
  const group = kind.group ? ' with all functions it is collocated with' : '';
  const claims = kind.group?.claims ?? [kind];
  const differing = allowed.flatMap(({ name, capacity: room }) => {
    const module = claims.find(({ differs }) => differs?.has(name))?.differs?.get(name);
    return module !== undefined && claims.every((claim) => room.canEverHold(claim)) ? [{ name, module }] : [];
  });
  if (differing.length > 0) {
    const where = differing.map(({ name, module }) => `the module ${JSON.stringify(module)} differs on node "${name}"`).join(', ');
    const message = `Cannot place function "${functionId}"${group}: ${where}`;
    return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { functionId, node: differing[0]!.name });
  }
  const slots = [...new Set(claims.map(({ slot }) => slot))];
  const suited = allowed.filter(({ capacity }) => slots.every((slot) => capacity.slotCount(slot) > 0));
  if (suited.length === 0) {
    const absent = slots.filter((slot) => allowed.some(({ capacity }) => capacity.slotCount(slot) === 0));
    const nowhere = absent.filter((slot) => allowed.every(({ capacity }) => capacity.slotCount(slot) === 0));
    const isolations = (nowhere.length > 0 ? nowhere : absent).map((slot) => JSON.stringify(slot)).join(' and ');
    const nobody = kind.pinnedTo === undefined ? 'no node has' : `node "${kind.pinnedTo}" does not have`;
    const message = `Cannot place function "${functionId}"${group}: ${nobody} isolation ${isolations}`;
    return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { functionId, ...(kind.pinnedTo && { node: kind.pinnedTo }) });
  }
  const best = suited.reduce((a, b) => (closeness(b, kind) > closeness(a, kind) ? b : a));
  const has = `the best node "${best.name}" has ${describe(best.capacity.capabilities)}`;
  const message = `Cannot place function "${functionId}"${group}: needs ${describe(kind.costs)}, ${has}`;
  return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { functionId, node: best.name });
}

/** Returns how many of the resources a node could hold. */
function closeness(member: PlacementNode, kind: ClaimClass): number {
  const { slot, cost } = kind;
  const { capacity } = member;
  return [...cost].filter(([name, amount]) => capacity.canEverHold({ slot, cost: new Map([[name, amount]]) })).length;
}
