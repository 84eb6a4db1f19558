// Brain: pure.
import { groupNameOf } from '../../../runner/observed/index.js';
import type { GraphNode, GraphView, StateCounts } from '../../views/view-types.js';

/**
 * A box of the graph. `function`: one function. `group`: a group that the driver has folded. `bundle`: functions of one group at one depth,
 * as cells: so that a layer of hundreds is one box that is seen at a glance, not a column as high as a house.
 */
export interface GraphItem {
  readonly key: string;
  readonly kind: 'function' | 'group' | 'bundle';
  readonly label: string;
  /** The label without what all labels begin with. */
  readonly shownLabel: string;
  readonly total: number;
  readonly counts: StateCounts;
  /** Indices into the nodes of the view. */
  readonly members: readonly number[];
  readonly widthPx: number;
  readonly heightPx: number;
  /** How many cells of a bundle are in a row. */
  readonly columns: number;
}

/** The boxes and arrows of a graph. */
export interface GraphItems {
  readonly items: readonly GraphItem[];
  /** From one box to another, by number, with how many edges it stands for. */
  readonly edges: readonly (readonly [from: number, to: number, count: number])[];
  /** The box of each node of the view. */
  readonly itemOf: readonly number[];
  /** What the places of boxes hang on: equal names, equal places. */
  readonly layout: string;
}

/** The measures of boxes, CSS pixels. */
export const BOX = { heightPx: 32, groupHeightPx: 52, headPx: 46, cellPx: 16, paddingPx: 8 } as const;
/** So many functions alike at one depth are a bundle. */
const BUNDLED_FROM = 12;
/** How wide a label is, CSS pixels, at 12 px: near enough to size its box, and to cut it, without a canvas to measure it. */
export function labelPx(label: string): number {
  let width = 0;
  for (const letter of label)
    width += /[ijlftI.,:;|'!()[\]{}/-]/.test(letter) ? 4.6 : /[mwMW@%…]/.test(letter) ? 11.4 : /[A-Z0-9_]/.test(letter) ? 7.9 : 7.3;
  return width;
}

/** Turns an answer into boxes. `isGathered`: with bundles, but for groups that are `spread`. */
export function graphItems(view: GraphView, isGathered: boolean, spread: ReadonlySet<string>): GraphItems {
  const bundles = isGathered ? bundlesOf(view, spread) : new Map<number, string>();
  const items: GraphItem[] = [];
  const itemOf: number[] = [];
  const numbers = new Map<string, number>();
  const members: number[][] = [];
  for (const [at, node] of view.nodes.entries()) {
    const key = bundles.get(at) ?? `${node.isGroup ? 'group' : 'function'} ${node.label}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = members.length;
      numbers.set(key, number);
      members.push([]);
    }
    members[number]!.push(at);
    itemOf.push(number);
  }
  const cut = sharedBeginning(view.nodes.map(({ label }) => label));
  for (const [key, number] of numbers) items.push(itemFor(view, key, members[number]!, bundles.has(members[number]![0]!), cut));
  const counts = new Map<number, number>();
  for (const [from, to, count] of view.edges) {
    const [above, below] = [itemOf[from]!, itemOf[to]!];
    if (above !== below) counts.set(above * items.length + below, (counts.get(above * items.length + below) ?? 0) + count);
  }
  const edges = [...counts].map(([edge, count]) => [Math.floor(edge / items.length), edge % items.length, count] as const);
  return { items, edges, itemOf, layout: JSON.stringify([view.layout, isGathered, ...[...spread].sort()]) };
}

function itemFor({ nodes }: GraphView, key: string, members: readonly number[], isBundle: boolean, cut: number): GraphItem {
  const without = (text: string): string => (cut > 0 ? `…${text.slice(cut)}` : text);
  const first = nodes[members[0]!]!;
  const { label, total, counts, isGroup } = first;
  if (isBundle) {
    const group = groupNameOf(label);
    const shownLabel = without(group);
    const labelledPx = boundedPx(`${shownLabel} ${members.length}/${members.length}`) + 28;
    const columns = Math.max(Math.ceil(Math.sqrt(members.length * 1.5)), Math.floor(labelledPx / BOX.cellPx));
    const widthPx = columns * BOX.cellPx + 2 * BOX.paddingPx - 2;
    const heightPx = BOX.headPx + Math.ceil(members.length / columns) * BOX.cellPx + BOX.paddingPx - 2;
    const all = summed(members.map((at) => nodes[at]!));
    return { key, kind: 'bundle', label: group, shownLabel, total: members.length, counts: all, members, widthPx, heightPx, columns };
  }
  const shownLabel = without(label);
  const widthPx = isGroup ? boundedPx(`${shownLabel} ${total}/${total}`) + 44 : boundedPx(shownLabel) + 40;
  const heightPx = isGroup ? BOX.groupHeightPx : BOX.heightPx;
  return { key, kind: isGroup ? 'group' : 'function', label, shownLabel, total, counts, members, widthPx, heightPx, columns: 1 };
}

/** A beginning that all labels share is left out if it is as long as this: what tells them apart is behind it. */
const SHARED_FROM = 6;

/** How many letters all labels begin with, up to the last sign that ends a word; 0 if they are few, or it is short. */
export function sharedBeginning(labels: readonly string[]): number {
  const [first = ''] = labels;
  let shared = first.length;
  for (const label of labels) {
    let at = 0;
    while (at < shared && label[at] === first[at]) at += 1;
    shared = at;
  }
  const words = /^.*[.:/_-]/.exec(first.slice(0, shared))?.[0].length ?? 0;
  // A number alone is no name.
  const isNamed = labels.every((label) => /[^\d*]/.test(label.slice(words)));
  return labels.length < 3 || words < SHARED_FROM || !isNamed ? 0 : words;
}

const boundedPx = (label: string): number => Math.min(220, Math.max(48, Math.ceil(labelPx(label))));

function summed(nodes: readonly GraphNode[]): StateCounts {
  const sum = { ...nodes[0]!.counts };
  for (const { counts } of nodes.slice(1)) for (const state of Object.keys(sum) as (keyof StateCounts)[]) sum[state] += counts[state];
  return sum;
}

/** By node, the key of its bundle. Functions of a group that depend on each other are at other depths, so a chain is never bundled. */
function bundlesOf({ nodes, edges }: GraphView, spread: ReadonlySet<string>): Map<number, string> {
  const depths = depthsOf(nodes.length, edges);
  const found = new Map<string, number[]>();
  for (const [at, { label, isGroup }] of nodes.entries()) {
    const group = groupNameOf(label);
    if (isGroup || spread.has(group)) continue;
    const key = `bundle ${depths[at]} ${group}`;
    const others = found.get(key);
    if (others) others.push(at);
    else found.set(key, [at]);
  }
  const bundles = new Map<number, string>();
  for (const [key, members] of found) if (members.length >= BUNDLED_FROM) for (const at of members) bundles.set(at, key);
  return bundles;
}

/** A driver shows at most so many functions one by one. */
export const MOST_SHOWN = 500;

/**
 * The groups to ask for so that a folded group is unfolded: those unfolded before stay so while there is room, the latest first.
 * `undefined` if the group alone is too large.
 */
export function unfoldedWith({ nodes }: GraphView, unfolded: readonly string[], group: GraphItem): readonly string[] | undefined {
  if (group.total > MOST_SHOWN) return undefined;
  const wanted = [group.label];
  let room = MOST_SHOWN - group.total;
  for (const name of [...unfolded].reverse()) {
    room -= nodes.filter(({ label, isGroup }) => !isGroup && groupNameOf(label) === name).length;
    if (room < 0) break;
    wanted.unshift(name);
  }
  return wanted;
}

/** How many edges the longest way to each box has. Circles, which folding may make, end where they begin. */
export function depthsOf(size: number, edges: readonly (readonly [from: number, to: number, ...rest: unknown[]])[]): readonly number[] {
  const below: number[][] = Array.from({ length: size }, () => []);
  const missing = new Int32Array(size);
  for (const [from, to] of edges) {
    below[from]!.push(to);
    missing[to]! += 1;
  }
  const depths = new Array<number>(size).fill(0);
  const isReady = new Uint8Array(size);
  const ready: number[] = [];
  const begin = (at: number): void => {
    isReady[at] = 1;
    ready.push(at);
  };
  for (let at = 0; at < size; at += 1) if (missing[at] === 0) begin(at);
  let opened = 0;
  for (let next = 0; next < size; next += 1) {
    if (next === ready.length) {
      // Only circles are left: the first box of one begins as if nothing led to it.
      while (isReady[opened] === 1) opened += 1;
      begin(opened);
    }
    const at = ready[next]!;
    for (const to of below[at]!) {
      if (isReady[to] === 1) continue;
      depths[to] = Math.max(depths[to]!, depths[at]! + 1);
      missing[to]! -= 1;
      if (missing[to] === 0) begin(to);
    }
  }
  return depths;
}
