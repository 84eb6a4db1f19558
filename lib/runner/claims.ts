import { amounts, type Capabilities, type Claim, type ClaimKind, type Group } from '../allocator/index.js';
import type { Plan } from '../dag/index.js';

/** What a run's functions claim depends on. */
export interface ClaimTerms {
  /** The driver's name. */
  readonly node: string;
  /** `executeLocal`: every function on the driver, nothing is claimed but the thread or the place in the loop. */
  readonly local: boolean;
  /** What a thread function costs that does not say: one cpu, where any member has one. */
  readonly threadCost: Capabilities;
}

const NOTHING: Capabilities = {};

/** A value that no more functions than that need is soon given up, once one of them has had it. */
const FEW = 8;

/** Whether a function takes no value that is soon given up after it: a run of which only such go on fills the memory. */
function isOpening({ producers, producersStart, dependentsStart }: Plan, index: number): boolean {
  for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) {
    const producer = producers[at]!;
    if (dependentsStart[producer + 1]! - dependentsStart[producer]! <= FEW) return false;
  }
  return true;
}

/** The kind of claim of each function of a plan, by index; functions that are alike share one object. */
export function claimKinds(plan: Plan, { node, local, threadCost }: ClaimTerms): readonly ClaimKind[] {
  const kinds = new Map<string, ClaimKind>();
  const plain = new Map<string, ClaimKind>();
  const groups = new Map<number, Group & { claims: Claim[] }>();
  return plan.specs.map((spec, index) => {
    const slot = plan.isolation[index]!;
    const only = local ? node : (plan.pin[index] ?? (plan.bound[index] ? node : undefined));
    const groupNumber = local ? -1 : plan.group[index]!;
    const isPlain = (local || spec.cost === undefined) && groupNumber < 0 && (only === undefined || only === node);
    const opens = isOpening(plan, index);
    const key = isPlain ? `${slot} ${only === undefined} ${opens}` : '';
    const known = isPlain ? plain.get(key) : undefined;
    if (known) return known;
    const costs = local ? NOTHING : (spec.cost ?? (slot === 'thread' ? threadCost : NOTHING));
    const fullKey = JSON.stringify([slot, opens, only ?? null, groupNumber, Object.entries(costs).sort(([a], [b]) => (a < b ? -1 : 1))]);
    let kind = kinds.get(fullKey);
    if (!kind) {
      let group = groupNumber < 0 ? undefined : groups.get(groupNumber);
      if (groupNumber >= 0 && !group) {
        group = { claims: [], node: undefined };
        groups.set(groupNumber, group);
      }
      kind = { slot, costs, cost: amounts(costs), only, group, isOpening: opens };
      group?.claims.push(kind);
      kinds.set(fullKey, kind);
    }
    if (isPlain) plain.set(key, kind);
    return kind;
  });
}
