// Brain: pure.
import { HandoffError } from '../../base/index.js';
import { describe } from '../capacity/resources.js';
import type { ClaimClass, PlacementNode } from './claim-class.js';

/** Why no member could ever hold the kind: what it needs, and the best that there is. */
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
    return module !== undefined && claims.every(({ cost }) => room.canEverHold(cost)) ? [{ name, module }] : [];
  });
  if (differing.length > 0) {
    const where = differing.map(({ name, module }) => `the module ${JSON.stringify(module)} differs on node "${name}"`).join(', ');
    const message = `Cannot place function "${functionId}"${group}: ${where}`;
    return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { functionId, node: differing[0]!.name });
  }
  const best = allowed.reduce((a, b) => (closeness(b, kind) > closeness(a, kind) ? b : a));
  const has = `the best node "${best.name}" has ${describe(best.capacity.capabilities)}`;
  const message = `Cannot place function "${functionId}"${group}: needs ${describe(kind.costs)}, ${has}`;
  return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { functionId, node: best.name });
}

/** How many of the resources a node could hold. */
function closeness(member: PlacementNode, kind: ClaimClass): number {
  return [...kind.cost].filter(([name, amount]) => member.capacity.canEverHold(new Map([[name, amount]]))).length;
}
