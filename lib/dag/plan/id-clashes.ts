import { doAtOnce, inSteps, type StepwiseWork } from '../../base/index.js';
import { FLAGS, type GraphSnapshot } from '../graph/graph.js';

/** An id that a run may give to a function that it adds, and the map or expansion that would add it. */
export interface IdClash {
  readonly id: string;
  readonly other: string;
}

/** Whether an id of a function or of an input is one that a map or an expansion may give. In steps, linear. */
export function* hasClashes(snapshot: GraphSnapshot): StepwiseWork<boolean> {
  const clashWith = yield* clashFinder(snapshot);
  let isFound = false;
  const { graph, size, inputs } = snapshot;
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) if (clashWith(graph.ids[i]!) !== undefined) isFound = true;
  });
  yield* inSteps(inputs.length, (from, to) => {
    for (let i = from; i < to; i++) if (clashWith(inputs[i]!) !== undefined) isFound = true;
  });
  return isFound;
}

/** Lists the ids that a map or an expansion may give, those of functions first. */
export function idClashes(snapshot: GraphSnapshot): IdClash[] {
  if ((snapshot.allFlags & (FLAGS.map | FLAGS.expand)) === 0) return [];
  const clashWith = doAtOnce(clashFinder(snapshot));
  const clashes: IdClash[] = [];
  for (const ids of [snapshot.graph.ids.slice(0, snapshot.size), snapshot.inputs]) {
    for (const id of ids) {
      const other = clashWith(id);
      if (other !== undefined) clashes.push({ id, other });
    }
  }
  return clashes;
}

/** Returns a function that finds the map or the expansion that an id clashes with. */
function* clashFinder(snapshot: GraphSnapshot): StepwiseWork<(id: string) => string | undefined> {
  const { graph, size } = snapshot;
  const has = (id: string, flag: number): boolean => {
    const found = snapshot.find(id);
    return found > 0 && (graph.flags[found - 1]! & flag) !== 0;
  };
  // An id with many slashes is cut only where an expansion's id may end.
  const lengths = new Set<number>();
  if ((snapshot.allFlags & FLAGS.expand) !== 0) {
    yield* inSteps(size, (from, to) => {
      for (let i = from; i < to; i++) if ((graph.flags[i]! & FLAGS.expand) !== 0) lengths.add(graph.ids[i]!.length);
    });
  }
  return (id) => {
    if (id.endsWith(']')) {
      const map = /^(.+)\[\d+\]$/s.exec(id)?.[1];
      if (map !== undefined && has(map, FLAGS.map)) return map;
    }
    if (lengths.size === 0) return undefined;
    for (let slash = id.indexOf('/'); slash >= 0; slash = id.indexOf('/', slash + 1)) {
      if (!lengths.has(slash)) continue;
      const expansion = id.slice(0, slash);
      if (has(expansion, FLAGS.expand)) return expansion;
    }
    return undefined;
  };
}
