// Brain: pure.
import { groupNameOf } from '../../../runner/observed/index.js';
import type { ClusterStatus, NodeUse, WaitingFunction } from '../../cluster-status.js';

/** Functions of one group that wait at one place for the same: one line for people. */
export interface WaitLine {
  readonly key: string;
  readonly group: string;
  readonly dagId: string;
  readonly driver: string;
  readonly node: string | undefined;
  readonly lacking: readonly (readonly [resource: string, amount: number])[];
  readonly count: number;
  readonly functionId: string;
  /** The run, if only one of that DAG is under way there. */
  readonly runId: string | undefined;
  /** Whether no node would have room, even if nothing ran there. */
  readonly isInfeasible: boolean;
}

/** What waits and for what, those first that will not end by themselves, then the largest. */
export function waitLines({ nodes, runs, waiting }: Pick<ClusterStatus, 'nodes' | 'runs' | 'waiting'>): readonly WaitLine[] {
  const lines = new Map<string, WaitLine>();
  for (const one of waiting) {
    const group = groupNameOf(one.functionId);
    const lacking = Object.entries(one.lacking).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([one.dagId, one.driver, one.node ?? null, group, lacking]);
    const line = lines.get(key);
    if (line) {
      lines.set(key, { ...line, count: line.count + 1 });
      continue;
    }
    const of = runs.filter(({ dagId, driver }) => dagId === one.dagId && driver === one.driver);
    const { dagId, driver, node, functionId } = one;
    const runId = of.length === 1 ? of[0]!.runId : undefined;
    lines.set(key, { key, group, dagId, driver, node, lacking, count: 1, functionId, runId, isInfeasible: isInfeasible(one, nodes) });
  }
  return [...lines.values()].sort((a, b) => Number(b.isInfeasible) - Number(a.isInfeasible) || b.count - a.count);
}

/** Whether everything in use on any node, set free, would still not be enough. Says no where the members are not known yet. */
function isInfeasible({ lacking, node }: WaitingFunction, nodes: readonly NodeUse[]): boolean {
  const asked = nodes.filter(({ name, isHeard }) => isHeard && (node === undefined || name === node));
  if (asked.length === 0 || Object.keys(lacking).length === 0) return false;
  return asked.every((one) => Object.entries(lacking).some(([resource, amount]) => amount > usedOf(one, resource)));
}

/** What is lacked while values fill the memory that they may: see `VALUE_MEMORY` of the allocator, which has code for nodes alone. */
const VALUE_MEMORY = 'valueMemoryMiB';
const MIB = 1024 * 1024;

function usedOf(node: NodeUse, resource: string): number {
  if (resource === 'thread') return node.threads.used;
  if (resource === VALUE_MEMORY) return node.held.memoryBytes / MIB;
  if (resource === 'loop') return node.loopPlaces.used;
  return node.used[resource] ?? node.ownSlots[resource]?.used ?? 0;
}
