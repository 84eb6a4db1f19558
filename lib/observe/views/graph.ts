// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { totalOf } from './groups.js';
import { indexOf, type RunIndex } from './run-index.js';
import { countsAt, headerOf, SHOWN_STATES, stateNumber } from './shown-state.js';
import { countsByGroup } from './state-counts.js';
import type { GraphNode, GraphRequest, GraphView } from './view-types.js';

/** Beyond so many functions groups are folded, and so many nodes and edges a graph has. */
const MOST_NODES = 500;
const MOST_EDGES = 5000;

/** How many functions or edges are looked at in one step. */
const LOOKED_AT_IN_STEP = 4096;

/** Shows how values go from function to function, or from group to group where there are many functions. */
export function* graphView(run: ObservedRun, request: GraphRequest): StepwiseWork<GraphView> {
  const index = yield* indexOf(run);
  const layout = yield* layoutOf(run, index, request.unfolded ?? []);
  const counts = yield* countsByGroup(run, index);
  const states = SHOWN_STATES.length;
  const nodes = layout.nodes.map((node): GraphNode => {
    if (node.function >= 0) {
      const one = new Int32Array(states);
      one[stateNumber(run.stateOf(node.function))] = 1;
      return { label: run.idOf(node.function), isGroup: false, total: 1, counts: countsAt(one, 0) };
    }
    const byState = countsAt(counts, node.group * states);
    return { label: index.groups[node.group]!, isGroup: true, total: totalOf(byState), counts: byState };
  });
  const { edges, moreEdges, isFolded, name, more } = layout;
  return { run: headerOf(run), nodes, edges, isFolded, layout: name, more, moreEdges };
}

/** A node stands for one function, or for all functions of a group; the other one is -1. */
interface LaidOutNode {
  readonly function: number;
  readonly group: number;
}

interface GraphLayout {
  readonly name: string;
  readonly nodes: readonly LaidOutNode[];
  readonly edges: readonly (readonly [from: number, to: number, count: number])[];
  readonly moreEdges: number;
  readonly isFolded: boolean;
  readonly more: number;
}

/** The layout that was made last of each run: those who look at a run mostly look at the same. */
const layouts = new WeakMap<RunIndex, GraphLayout[]>();
const LAYOUTS_KEPT = 4;

/** A layout depends on the functions that there are, never on their states. */
function* layoutOf(run: ObservedRun, index: RunIndex, unfolded: readonly string[]): StepwiseWork<GraphLayout> {
  const { size } = index;
  const isFolded = size > MOST_NODES;
  const wanted = isFolded ? [...new Set(unfolded)].sort() : [];
  const name = JSON.stringify([size, ...wanted]);
  const kept = layouts.get(index) ?? [];
  const known = kept.find((one) => one.name === name);
  if (known) return known;
  const { nodes, nodeOf, more } = nodesOf(index, size, isFolded, wanted);
  const edges = yield* edgesOf(run, size, nodes.length, nodeOf);
  const made = { name, nodes, edges: edges.slice(0, MOST_EDGES), moreEdges: Math.max(0, edges.length - MOST_EDGES), isFolded, more };
  layouts.set(index, [made, ...kept.filter((one) => one.name !== name)].slice(0, LAYOUTS_KEPT));
  return made;
}

/** Which node each function is in; -1 if in none. */
function nodesOf(index: RunIndex, size: number, isFolded: boolean, unfolded: readonly string[]) {
  const { groups, groupOf } = index;
  const nodeOf = new Int32Array(size).fill(-1);
  const nodes: LaidOutNode[] = [];
  if (!isFolded) {
    for (let at = 0; at < size; at += 1) nodeOf[at] = nodes.push({ function: at, group: -1 }) - 1;
    return { nodes, nodeOf, more: 0 };
  }
  const isOpen = openGroups(index, size, unfolded);
  const nodeOfGroup = new Int32Array(groups.length).fill(-1);
  let more = 0;
  for (let at = 0; at < size; at += 1) {
    const group = groupOf[at]!;
    if (nodeOfGroup[group]! >= 0) nodeOf[at] = nodeOfGroup[group]!;
    else if (nodes.length === MOST_NODES) more += 1;
    else if (isOpen[group] === 1) nodeOf[at] = nodes.push({ function: at, group: -1 }) - 1;
    else {
      nodeOfGroup[group] = nodes.push({ function: -1, group }) - 1;
      nodeOf[at] = nodeOfGroup[group]!;
    }
  }
  return { nodes, nodeOf, more };
}

/** The groups to unfold, as long as there are no more than `MOST_NODES` functions in them. */
function openGroups(index: RunIndex, size: number, unfolded: readonly string[]): Uint8Array {
  const { groups, groupOf } = index;
  const isOpen = new Uint8Array(groups.length);
  const totals = new Int32Array(groups.length);
  for (let at = 0; at < size; at += 1) totals[groupOf[at]!]! += 1;
  let left = MOST_NODES;
  for (const name of unfolded) {
    const group = index.groupNumber(name);
    if (group === undefined || totals[group]! > left) continue;
    left -= totals[group]!;
    isOpen[group] = 1;
  }
  return isOpen;
}

/**
 * Counts the edges between nodes, in steps, but not those within a folded group. A part leads to the map or expansion that added it. Of too
 * many edges, those that stand for most come first.
 */
function* edgesOf(run: ObservedRun, size: number, nodes: number, nodeOf: Int32Array): StepwiseWork<GraphLayout['edges']> {
  const counts = new Map<number, number>();
  const count = (from: number, to: number): void => {
    if (from < 0 || to < 0 || from === to) return;
    const edge = from * nodes + to;
    counts.set(edge, (counts.get(edge) ?? 0) + 1);
  };
  let left = LOOKED_AT_IN_STEP;
  for (let at = 0; at < size; at += 1) {
    const to = nodeOf[at]!;
    const producers = run.producersOf(at);
    for (const producer of producers) count(nodeOf[producer] ?? -1, to);
    const by = run.partOf(at);
    if (by !== undefined) count(to, nodeOf[by]!);
    left -= 1 + producers.length;
    if (left > 0) continue;
    yield;
    left = LOOKED_AT_IN_STEP;
  }
  const edges = [...counts].map(([edge, count]) => [Math.floor(edge / nodes), edge % nodes, count] as const);
  return edges.length <= MOST_EDGES ? edges : edges.sort((a, b) => b[2] - a[2]);
}
