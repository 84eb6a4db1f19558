import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dag, type DynamicDag, functionsIn } from '../../lib/index.js';

/** Where recorded workflows lie, unless a path is given. They are nobody's to pass on, so they are not in the repository. */
export const USUAL_FOLDER = fileURLToPath(new URL('../../../shared/workflows', import.meta.url));

const recorded = functionsIn(new URL('./recorded-functions.mjs', import.meta.url));

/** A workflow as it was once run: plain arrays, by the number of the task. */
export interface Workflow {
  /** Its file, without the ending. */
  readonly name: string;
  readonly ids: readonly string[];
  readonly runtimeMs: readonly number[];
  readonly parents: readonly (readonly number[])[];
  readonly children: readonly (readonly number[])[];
  /** The bytes of those files that a task writes and another one reads. */
  readonly valueBytes: readonly number[];
}

/** How much of the recorded time and bytes a replay uses. */
export interface Scale {
  readonly time: number;
  readonly bytes: number;
}

/** How long the task takes in a replay, in whole ms as timers have them. */
export const replayMs = ({ runtimeMs }: Workflow, task: number, scale: number): number => Math.round(runtimeMs[task]! * scale);

/**
 * The workflows of the files and folders given, by name, or of the usual folder; files that are no WfFormat, or have no tasks, are named and left
 * out. Throws for a path that does not exist.
 */
export function workflowsAt(paths: readonly string[]): readonly Workflow[] {
  if (paths.length === 0 && !existsSync(USUAL_FOLDER)) {
    console.error('  there are no recorded workflows in the usual place: give the path of a WfFormat file or of a folder of them');
    return [];
  }
  const files = (paths.length > 0 ? paths : [USUAL_FOLDER]).flatMap(filesAt);
  return files.flatMap((file) => {
    try {
      return [readWorkflow(file)];
    } catch (error) {
      console.error(`  ${basename(file)} is left out: ${(error as Error).message}`);
      return [];
    }
  });
}

function filesAt(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(path, name));
}

interface GivenTask {
  readonly id: string;
  readonly parents?: readonly string[];
  readonly children?: readonly string[];
  readonly inputFiles?: readonly string[];
  readonly outputFiles?: readonly string[];
}

/** As far as it is read here. */
interface GivenFile {
  readonly workflow?: {
    readonly specification?: {
      readonly tasks?: readonly GivenTask[];
      readonly files?: readonly { readonly id: string; readonly sizeInBytes?: number }[];
    };
    readonly execution?: { readonly tasks?: readonly { readonly id: string; readonly runtimeInSeconds?: number }[] };
  };
}

/** Reads WfFormat 1.5. Throws for anything else, and for parents that go in a circle. */
export function readWorkflow(file: string): Workflow {
  const { workflow } = JSON.parse(readFileSync(file, 'utf8')) as GivenFile;
  const tasks = workflow?.specification?.tasks ?? [];
  if (tasks.length === 0) throw new TypeError('it has no workflow.specification.tasks');
  const runtimes = new Map(workflow?.execution?.tasks?.map(({ id, runtimeInSeconds = 0 }) => [id, runtimeInSeconds * 1000]));
  const sizes = new Map(workflow?.specification?.files?.map(({ id, sizeInBytes = 0 }) => [id, sizeInBytes]));
  const numberOf = new Map(tasks.map(({ id }, task) => [id, task]));
  const children = tasks.map(() => new Set<number>());
  const join = (from: number | undefined, to: number | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) children[from]!.add(to);
  };
  for (const [task, { parents = [], children: below = [] }] of tasks.entries()) {
    for (const parent of parents) join(numberOf.get(parent), task);
    for (const child of below) join(task, numberOf.get(child));
  }
  const readBy = new Map<string, Set<number>>();
  for (const [task, { inputFiles = [] }] of tasks.entries()) {
    for (const input of inputFiles) readBy.set(input, (readBy.get(input) ?? new Set()).add(task));
  }
  const parents = tasks.map(() => [] as number[]);
  for (const [task, below] of children.entries()) for (const child of below) parents[child]!.push(task);
  const read: Workflow = {
    name: basename(file, '.json'),
    ids: tasks.map(({ id }) => id),
    runtimeMs: tasks.map(({ id }) => runtimes.get(id) ?? 0),
    parents,
    children: children.map((below) => [...below]),
    valueBytes: tasks.map(({ outputFiles = [] }, task) =>
      outputFiles
        .filter((output) => [...(readBy.get(output) ?? [])].some((reader) => reader !== task))
        .reduce((sum, output) => sum + (sizes.get(output) ?? 0), 0),
    ),
  };
  if (parentsFirst(read).length < tasks.length) throw new TypeError('its parents go in a circle');
  return read;
}

/** Every task after its parents; those on or behind a circle are missing. */
export function parentsFirst({ parents, children }: Workflow): readonly number[] {
  const missing = parents.map(({ length }) => length);
  const order = missing.flatMap((count, task) => (count === 0 ? [task] : []));
  for (const task of order) {
    for (const child of children[task]!) {
      missing[child]! -= 1;
      if (missing[child] === 0) order.push(child);
    }
  }
  return order;
}

/**
 * The workflow as a DAG of one function per task, on the loop, a cpu each: it lasts as recorded and gives a value as large as what others read of
 * it. `hasEstimates`: each says beforehand how long it takes.
 */
export function dagOf(workflow: Workflow, id: string, scale: Scale, hasEstimates: boolean): DynamicDag {
  const { ids, parents, valueBytes } = workflow;
  const dag = Dag.dynamic(id);
  for (const task of parentsFirst(workflow)) {
    const lastsMs = replayMs(workflow, task, scale.time);
    dag.add({
      id: ids[task]!,
      code: recorded.last!,
      args: parents[task]!.map((parent) => ids[parent]!),
      argumentInclusion: 'as-list',
      extraArgs: [lastsMs, Math.round(valueBytes[task]! * scale.bytes)],
      isolation: 'loop',
      cost: { cpu: 1 },
      ...(hasEstimates && { estimateMs: lastsMs }),
    });
  }
  return dag;
}
