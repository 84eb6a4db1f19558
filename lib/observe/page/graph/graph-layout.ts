// Brain: pure.
import { depthsOf } from './graph-items.js';

/** Boxes to be placed, and what leads where. Plain data: it goes to a worker. */
export interface LayoutInput {
  readonly sizes: readonly (readonly [widthPx: number, heightPx: number])[];
  /** With how many edges each stands for: room is left for the number. */
  readonly edges: readonly (readonly [from: number, to: number, count: number])[];
}

/** A point, CSS pixels. */
export type Point = readonly [xPx: number, yPx: number];

/** Where boxes are, left to right along the edges. */
export interface GraphLayout {
  /** The upper left corner of each box. */
  readonly places: readonly Point[];
  /** The way of each edge, in the order of the input. */
  readonly ways: readonly (readonly Point[])[];
  /** The middle of the number of each edge. */
  readonly numbers: readonly Point[];
  readonly widthPx: number;
  readonly heightPx: number;
}

const [LAYER_GAP_PX, BOX_GAP_PX, MARGIN_PX] = [64, 12, 16];
/** A layer higher than this goes on in a further column. */
const MOST_HEIGHT_PX = 1400;

/**
 * A plain layered layout: boxes by their depth, each at the middle of what leads to it. It takes some milliseconds for 500 boxes, so it
 * is shown while a worker makes a better one, and where there is no worker.
 */
export function layeredLayout({ sizes, edges }: LayoutInput): GraphLayout {
  const depths = depthsOf(sizes.length, edges);
  const layers: number[][] = [];
  for (const [at, depth] of depths.entries()) {
    layers[depth] ??= [];
    layers[depth]!.push(at);
  }
  const above: number[][] = sizes.map(() => []);
  for (const [from, to] of edges) above[to]!.push(from);
  const middles = new Float64Array(sizes.length);
  const xs = new Float64Array(sizes.length);
  let x = MARGIN_PX;
  let heightPx = 0;
  const columns: number[][] = [];
  for (const layer of layers) {
    const wanted = new Map(layer.map((at, place) => [at, wantedMiddle(above[at]!, depths, depths[at]!, middles) ?? place]));
    layer.sort((one, other) => wanted.get(one)! - wanted.get(other)! || one - other);
    let column: number[] = [];
    let [y, widest] = [0, 0];
    const close = (): void => {
      columns.push(column);
      x += widest + LAYER_GAP_PX;
      [column, y, widest] = [[], 0, 0];
    };
    for (const at of layer) {
      const [width, height] = sizes[at]!;
      if (y > 0 && y + height > MOST_HEIGHT_PX) close();
      xs[at] = x;
      middles[at] = y + height / 2;
      y += height + BOX_GAP_PX;
      widest = Math.max(widest, width);
      column.push(at);
      heightPx = Math.max(heightPx, y - BOX_GAP_PX);
    }
    close();
  }
  // Columns are centred, as they differ in height.
  for (const column of columns) {
    const last = column.at(-1)!;
    const shift = (heightPx - (middles[last]! + sizes[last]![1] / 2)) / 2 + MARGIN_PX;
    for (const at of column) middles[at]! += shift;
  }
  const places = sizes.map(([, height], at): Point => [xs[at]!, middles[at]! - height / 2]);
  const ways = edges.map(([from, to]): readonly [Point, Point] => [
    [xs[from]! + sizes[from]![0], middles[from]!],
    [xs[to]!, middles[to]!],
  ]);
  const numbers = ways.map(([[x, y], [toX, toY]]): Point => [(x + toX) / 2, (y + toY) / 2 - 6]);
  return { places, ways, numbers, widthPx: Math.max(0, x - LAYER_GAP_PX) + MARGIN_PX, heightPx: heightPx + 2 * MARGIN_PX };
}

/** The middle of what leads to a box from lower depths; `undefined` if nothing does. */
function wantedMiddle(above: readonly number[], depths: readonly number[], depth: number, middles: Float64Array): number | undefined {
  const placed = above.filter((from) => depths[from]! < depth);
  return placed.length === 0 ? undefined : placed.reduce((sum, from) => sum + middles[from]!, 0) / placed.length;
}

/** An edge as the path of an SVG: smooth through its points, level where it leaves and where it arrives. */
export function edgePath(way: readonly Point[]): string {
  const [first, ...rest] = way;
  if (!first) return '';
  let text = `M${shown(first)}`;
  let before = first;
  for (const point of rest) {
    const bend = Math.max(12, Math.abs(point[0] - before[0]) / 2);
    text += `C${shown([before[0] + bend, before[1]])} ${shown([point[0] - bend, point[1]])} ${shown(point)}`;
    before = point;
  }
  return text;
}

/** The head of an arrow that ends at a point, from the left. */
export const arrowHead = ([x, y]: Point): string => `M${shown([x, y])}L${shown([x - 7, y - 3.5])}L${shown([x - 7, y + 3.5])}Z`;

const shown = ([x, y]: Point): string => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
