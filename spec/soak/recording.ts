import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One function of a workflow, as it was recorded. */
export interface RecordedFunction {
  readonly id: string;
  readonly parents: readonly string[];
  readonly seconds: number;
  /** Of all the files that it wrote. */
  readonly outputBytes: number;
}

/** A workflow that once ran somewhere. Parents come before their children. */
export interface Recording {
  readonly name: string;
  readonly functions: readonly RecordedFunction[];
  readonly totalSeconds: number;
  /** Of the path that takes longest. */
  readonly longestSeconds: number;
}

/** What is read of a file in WfFormat 1.5, https://github.com/wfcommons/WfFormat. */
interface WfFormat {
  readonly workflow: {
    readonly specification: {
      readonly tasks: readonly { readonly id: string; readonly parents: readonly string[]; readonly outputFiles?: readonly string[] }[];
      readonly files?: readonly { readonly id: string; readonly sizeInBytes: number }[];
    };
    readonly execution: { readonly tasks: readonly { readonly id: string; readonly runtimeInSeconds: number }[] };
  };
}

/** The recordings in a folder, by name; none when there is no such folder. */
export function readRecordings(folder: string): readonly Recording[] {
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
  return files.sort().map((file) => recordingOf(file.replace(/\.json$/, ''), JSON.parse(readFileSync(join(folder, file), 'utf8'))));
}

function recordingOf(name: string, { workflow: { specification, execution } }: WfFormat): Recording {
  const seconds = new Map(execution.tasks.map(({ id, runtimeInSeconds }) => [id, runtimeInSeconds]));
  const bytes = new Map((specification.files ?? []).map(({ id, sizeInBytes }) => [id, sizeInBytes]));
  const waiting = new Map(
    specification.tasks.map(({ id, parents, outputFiles = [] }): [string, RecordedFunction] => {
      const outputBytes = outputFiles.reduce((sum, file) => sum + (bytes.get(file) ?? 0), 0);
      return [id, { id, parents: [...new Set(parents)], seconds: seconds.get(id) ?? 0, outputBytes }];
    }),
  );
  const functions: RecordedFunction[] = [];
  const ends = new Map<string, number>();
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter(({ parents }) => parents.every((parent) => ends.has(parent)));
    if (ready.length === 0) throw new Error(`${name} is no DAG`);
    for (const one of ready) {
      waiting.delete(one.id);
      functions.push(one);
      ends.set(one.id, one.seconds + Math.max(0, ...one.parents.map((parent) => ends.get(parent)!)));
    }
  }
  return {
    name,
    functions,
    totalSeconds: functions.reduce((sum, one) => sum + one.seconds, 0),
    longestSeconds: Math.max(...ends.values()),
  };
}
