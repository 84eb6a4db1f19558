// Brain: pure.
import type { RunIndex } from './run-index.js';

/** How many rows a timeline has. */
const MOST_ROWS = 400;

/** The rows of a timeline. */
export interface TimelineRows {
  /** The lanes from the top, by node, isolation and slot. */
  readonly order: readonly number[];
  /** By lane, its row; -1 if it is beyond the last that is shown. */
  readonly rowOf: Int32Array;
  readonly more: number;
}

/** Returns the lanes of a run in the order of rows. */
export function timelineRows({ lanes }: RunIndex, nodes: readonly string[]): TimelineRows {
  const compare = (a: number, b: number): number => {
    const [x, y] = [lanes[a]!, lanes[b]!];
    if (x.node !== y.node) return compareNames(nodes[x.node]!, nodes[y.node]!);
    return compareNames(x.isolation, y.isolation) || x.slot - y.slot;
  };
  const order = lanes.map((_lane, at) => at).sort(compare);
  const more = Math.max(0, order.length - MOST_ROWS);
  order.length -= more;
  const rowOf = new Int32Array(lanes.length).fill(-1);
  for (const [row, lane] of order.entries()) rowOf[lane] = row;
  return { order, rowOf, more };
}

/** Names with numbers in them are in the order of the numbers: `node-2` before `node-10`. */
export function compareNames(a: string, b: string): number {
  const [x, y] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (let at = 0; at < Math.min(x.length, y.length); at += 1) {
    if (x[at] === y[at]) continue;
    if (at % 2 === 1 && Number(x[at]) !== Number(y[at])) return Number(x[at]) - Number(y[at]);
    return x[at]! < y[at]! ? -1 : 1;
  }
  return x.length - y.length;
}
