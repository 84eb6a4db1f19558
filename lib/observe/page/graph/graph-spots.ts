// Brain: pure.
import { BOX, type GraphItems } from './graph-items.js';
import type { GraphLayout } from './graph-layout.js';

/** Something of a graph that a person can go to: a box, or a cell of a bundle. */
export interface Spot {
  readonly key: string;
  readonly item: number;
  /** The node of the view that a cell or a function stands for; `undefined` for a group and a bundle. */
  readonly node: number | undefined;
  readonly xPx: number;
  readonly yPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** All of them, boxes in their order, the cells of a bundle after it. */
export function spotsOf({ items }: GraphItems, { places }: GraphLayout): readonly Spot[] {
  return items.flatMap((item, at): Spot[] => {
    const [xPx, yPx] = places[at]!;
    const { key, kind, members, widthPx, heightPx } = item;
    const box: Spot = { key, item: at, node: kind === 'function' ? members[0]! : undefined, xPx, yPx, widthPx, heightPx };
    if (kind !== 'bundle') return [box];
    const cells = members.map((node, number): Spot => {
      const [x, y] = cellPlace(number, item.columns);
      return { key: `${key} ${number}`, item: at, node, xPx: xPx + x, yPx: yPx + y, widthPx: BOX.cellPx - 2, heightPx: BOX.cellPx - 2 };
    });
    return [{ ...box, heightPx: BOX.headPx }, ...cells];
  });
}

/** Where a cell is within its bundle. */
export const cellPlace = (number: number, columns: number): readonly [xPx: number, yPx: number] => [
  BOX.paddingPx + (number % columns) * BOX.cellPx,
  BOX.headPx + Math.floor(number / columns) * BOX.cellPx,
];

/** The spot that an arrow key leads to: the nearest in that direction, where what is straight ahead counts as nearer. */
export function nextSpot(spots: readonly Spot[], from: Spot, key: string): Spot | undefined {
  const [ahead, across] = key === 'ArrowLeft' || key === 'ArrowRight' ? (['x', 'y'] as const) : (['y', 'x'] as const);
  const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  const middle = { x: from.xPx + from.widthPx / 2, y: from.yPx + from.heightPx / 2 };
  let [best, bestPx] = [undefined as Spot | undefined, Number.POSITIVE_INFINITY];
  for (const spot of spots) {
    if (spot === from) continue;
    const away = {
      x: gap(middle.x, spot.xPx, spot.widthPx),
      y: gap(middle.y, spot.yPx, spot.heightPx),
    };
    const aheadPx = sign * away[ahead];
    if (aheadPx <= 0.5) continue;
    const distance = aheadPx + 2.5 * Math.abs(away[across]);
    if (distance < bestPx) [best, bestPx] = [spot, distance];
  }
  return best;
}

/** How far a length is from a place: 0 if it covers it. */
const gap = (place: number, begin: number, length: number): number =>
  place < begin ? begin - place : place > begin + length ? begin + length - place : 0;
