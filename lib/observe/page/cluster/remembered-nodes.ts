// Brain: pure.
import type { ClusterNode } from '../data/cluster-types.js';

/** A node as it is, or as it was when it answered last. */
export interface RememberedNode {
  readonly node: ClusterNode;
  /** Since when it is not among the members that answer; `undefined` while it is. By the clock of `rememberNodes`. */
  readonly silentSinceMs: number | undefined;
}

/** How long a node that is gone stays on the page, ms: long enough to see that it died, and when. */
const REMEMBERED_MS = 5 * 60_000;

/** Adds what is known now to what was seen before. Nodes keep their places, so that nothing moves when one dies. */
export function rememberNodes(before: readonly RememberedNode[], nodes: readonly ClusterNode[], nowMs: number): readonly RememberedNode[] {
  const now = new Map(nodes.map((node) => [node.name, node]));
  const kept = before.flatMap(({ node, silentSinceMs = nowMs }): RememberedNode[] => {
    const present = now.get(node.name);
    now.delete(node.name);
    if (present) return [{ node: present, silentSinceMs: undefined }];
    return nowMs - silentSinceMs < REMEMBERED_MS ? [{ node, silentSinceMs }] : [];
  });
  return [...kept, ...[...now.values()].map((node) => ({ node, silentSinceMs: undefined }))];
}
