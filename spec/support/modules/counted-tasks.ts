// Functions that count on which node how many of them run, for clusters in one process.
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';

/** What has happened on a node. */
export interface Count {
  running: number;
  /** The most at a time. */
  peak: number;
  /** The DAG of each function, in the order in which they began. */
  readonly began: string[];
}

const countsKey = Symbol.for('handoff-dag spec counts');
/** Of all copies of this module: tsx loads one for the spec and one for the nodes. */
const all = globalThis as { [countsKey]?: Map<string, Count> };
all[countsKey] ??= new Map();
const counts = all[countsKey];

/** What has happened on that node, or on all of them (`everywhere`), since the last `resetCounts`. */
export function countOf(node: string): Count {
  const count = counts.get(node) ?? { running: 0, peak: 0, began: [] };
  counts.set(node, count);
  return count;
}

export const resetCounts = (): void => counts.clear();

/** Takes so many milliseconds. */
export const counted = async (ms: number, ..._before: unknown[]): Promise<string> => {
  const { node, dagId } = currentFunction();
  const both = [countOf(node), countOf('everywhere')];
  for (const count of both) {
    count.running += 1;
    count.peak = Math.max(count.peak, count.running);
    count.began.push(dagId);
  }
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (const count of both) count.running -= 1;
  return node;
};
