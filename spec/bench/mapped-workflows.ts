import { fileURLToPath } from 'node:url';
import { Dag, type DynamicDag, functionsIn } from '../../lib/index.js';
import { parentsFirst, replayMs, type Scale, type Workflow } from './workflows.js';

const recorded = functionsIn<{
  lastAsTold(told: readonly [ms: number, bytes: number], ...given: readonly unknown[]): unknown;
  lastInPlace(element: unknown, lasts: readonly (readonly [ms: number, bytes: number])[]): unknown;
  last(given: readonly unknown[], ms: number, bytes: number): unknown;
}>(fileURLToPath(new URL('./recorded-functions.mjs', import.meta.url)));

/** Tasks of one name that became the elements of a map. */
interface MappedTasks {
  readonly id: string;
  readonly tasks: readonly number[];
  /** The map whose elements they take, one each; `undefined` if they all take the same values. */
  readonly over: string | undefined;
}

/** A workflow as a DAG with maps, and the inputs that these go over. */
export interface MappedWorkflow {
  readonly dag: DynamicDag;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** `bwa_ID000012` is called `bwa`. */
const nameOf = (id: string): string => id.replace(/[_-]?(ID)?\d+$/, '') || id;

/** Adds a task to the list of a key. */
function put(lists: Map<string, number[]>, key: string, task: number): void {
  const list = lists.get(key);
  if (list) list.push(task);
  else lists.set(key, [task]);
}

/** The maps that tasks become, by task: those of one name that take the same values, and those of one name that take one element each. */
function mapsOf({ ids, parents }: Workflow, order: readonly number[]): ReadonlyMap<number, MappedTasks> {
  const byTask = new Map<number, MappedTasks>();
  const add = (tasks: readonly number[], over: string | undefined): void => {
    const map = { id: `${nameOf(ids[tasks[0]!]!)} ${byTask.size}`, tasks, over };
    for (const task of tasks) byTask.set(task, map);
  };
  const alike = new Map<string, number[]>();
  for (const task of order) put(alike, JSON.stringify([nameOf(ids[task]!), [...parents[task]!].sort((a, b) => a - b)]), task);
  for (const tasks of alike.values()) if (tasks.length > 1) add(tasks, undefined);
  for (let known = -1; known < byTask.size; ) {
    known = byTask.size;
    const followers = new Map<string, number[]>();
    for (const task of order) {
      const before = parents[task]!.length === 1 ? byTask.get(parents[task]![0]!) : undefined;
      if (before && !byTask.has(task)) put(followers, JSON.stringify([nameOf(ids[task]!), before.id]), task);
    }
    for (const tasks of followers.values()) {
      const before = byTask.get(parents[tasks[0]!]![0]!)!;
      const after = new Map(tasks.map((task) => [parents[task]![0]!, task]));
      if (tasks.length === before.tasks.length && after.size === tasks.length) {
        add(
          before.tasks.map((task) => after.get(task)!),
          before.id,
        );
      }
    }
  }
  return byTask;
}

/**
 * The workflow as `dagOf` has it, with maps: whoever takes the value of an element takes all of its map. A map says how long its elements take on
 * average.
 */
export function mappedDagOf(workflow: Workflow, id: string, scale: Scale): MappedWorkflow {
  const { ids, parents, valueBytes } = workflow;
  const order = parentsFirst(workflow);
  const maps = mapsOf(workflow, order);
  const dag = Dag.dynamic(id);
  const inputs: Record<string, unknown> = {};
  const added = new Set<string>();
  const common = { isolation: 'loop', cost: { cpu: 1 } } as const;
  const lastsOf = (task: number): [ms: number, bytes: number] => [
    replayMs(workflow, task, scale.time),
    Math.round(valueBytes[task]! * scale.bytes),
  ];
  for (const task of order) {
    const args = [...new Set(parents[task]!.map((parent) => maps.get(parent)?.id ?? ids[parent]!))];
    const map = maps.get(task);
    if (!map) {
      const extraArgs = lastsOf(task);
      dag.add({ id: ids[task]!, code: recorded.last, args, argumentInclusion: 'as-list', extraArgs, ...common, estimateMs: extraArgs[0] });
      continue;
    }
    if (added.has(map.id)) continue;
    added.add(map.id);
    const lasts = map.tasks.map(lastsOf);
    const estimateMs = lasts.reduce((sum, [ms]) => sum + ms, 0) / lasts.length;
    if (map.over !== undefined) {
      dag.map({ id: map.id, over: map.over, code: recorded.lastInPlace, extraArgs: [lasts], ...common, estimateMs });
      continue;
    }
    const over = `of ${map.id}`;
    inputs[over] = lasts;
    dag.input(over).map({ id: map.id, over, code: recorded.lastAsTold, args, ...common, estimateMs });
  }
  return { dag, inputs };
}
