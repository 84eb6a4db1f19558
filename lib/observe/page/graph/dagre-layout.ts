import { graphlib, layout } from '@dagrejs/dagre';
import type { GraphLayout, LayoutInput, Point } from './graph-layout.js';

/** Beyond so many boxes ranks are found the quicker way: of 500 boxes, network simplex took 1 to 3.5 s, tight trees half of it or less. */
const SIMPLEX_UP_TO = 120;

/** Lays a graph out with dagre: layers with few crossings. 500 boxes take 0.4 to 4 s, so this is done in a worker. */
export function dagreLayout({ sizes, edges }: LayoutInput): GraphLayout {
  const graph = new graphlib.Graph();
  const ranker = sizes.length <= SIMPLEX_UP_TO ? 'network-simplex' : 'tight-tree';
  graph.setGraph({ rankdir: 'LR', nodesep: 12, edgesep: 8, ranksep: 40, marginx: 16, marginy: 16, ranker });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [at, [width, height]] of sizes.entries()) graph.setNode(String(at), { width, height });
  for (const [from, to, count] of edges) {
    const number = count > 1 ? { width: 12 + 7 * String(count).length, height: 14, labelpos: 'c' } : {};
    graph.setEdge(String(from), String(to), number);
  }
  layout(graph);
  const places = sizes.map(([width, height], at): Point => {
    const { x, y } = graph.node(String(at)) as { x: number; y: number };
    return [x - width / 2, y - height / 2];
  });
  const ways = edges.map(([from, to]): readonly Point[] => {
    const { points } = graph.edge(String(from), String(to)) as { points: readonly { x: number; y: number }[] };
    // Ends are set to the middle of the sides: dagre cuts at the outline, which gives slanted ends.
    const [[x, y], [width, height]] = [places[from]!, sizes[from]!];
    const isForward = places[to]![0] > x;
    const inner = points.slice(1, -1).map((point): Point => [point.x, point.y]);
    const [begin, end]: [Point, Point] = [
      [x + width, y + height / 2],
      [places[to]![0], places[to]![1] + sizes[to]![1] / 2],
    ];
    return isForward ? [begin, ...inner.filter(([at]) => at > begin[0] && at < end[0]), end] : [begin, ...inner, end];
  });
  const numbers = edges.map(([from, to], at): Point => {
    const { x, y } = graph.edge(String(from), String(to)) as { x?: number; y?: number };
    return x === undefined || y === undefined ? ways[at]![0]! : [x, y];
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { places, ways, numbers, widthPx: width, heightPx: height };
}
