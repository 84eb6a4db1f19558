import { collocatedWith, Dag, type DynamicDag, functionsIn, onDriver } from '../../lib/index.js';
import type { RecordedFunction, Recording } from './recording.js';
import { computed, digestOf, type Work } from './tasks.js';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.ts', import.meta.url));

/** Up to here a value rides in its receipt. */
const SMALL_BYTES = 64 * 1024;
const LARGE_BYTES = [70 * 1024, 1024 * 1024] as const;
/** Recorded files are larger than what five nodes on one machine should carry about. */
const SHRUNK = 64;

/** How large the values are that are not small, bytes, and how many times smaller than what was recorded. */
export interface ValueSizes {
  readonly least: number;
  readonly most: number;
  readonly shrunk: number;
}
const MODEST: ValueSizes = { least: LARGE_BYTES[0], most: LARGE_BYTES[1], shrunk: SHRUNK };

/** A DAG made of a recording. */
export interface Workload {
  readonly dag: DynamicDag;
  readonly inputs: Readonly<Record<string, string>>;
  /** What of it is collected, if not just anything. */
  readonly collect?: 'sinks';
  /** The digests of all results, by a sequential evaluation; takes its time, and gives way to others while it does. */
  expected(): Promise<ReadonlyMap<string, string>>;
}

/**
 * The recorded workflow, scaled so that `slots` functions at once need `seconds` for it at best. Three in five functions run in threads, the others on the
 * loop; a few only on the driver, a few where another one is. `input` tells one run's values from another's.
 */
export function workloadOf(recording: Recording, { dagId, seconds, slots, input, random, sizes = MODEST }: WorkloadOptions): Workload {
  const scale = (1000 * seconds) / Math.max(recording.longestSeconds, recording.totalSeconds / slots);
  const works = new Map(recording.functions.map((one, salt) => [one.id, workOf(one, salt, scale, sizes)]));
  const dag = Dag.dynamic(dagId).input('in');
  for (const { id, parents } of recording.functions) {
    const die = random();
    const [parent] = parents;
    const place = die < 0.02 ? onDriver() : die < 0.05 && parent !== undefined ? collocatedWith(parent) : undefined;
    const isOnLoop = random() < 0.4;
    dag.add({
      id,
      code: tasks.work as never,
      args: [...parents, ...(parents.length === 0 ? ['in'] : [])] as never,
      extraArgs: [works.get(id)],
      argumentInclusion: 'as-list',
      isolation: isOnLoop ? 'loop' : 'thread',
      cost: { cpu: isOnLoop ? 0.5 : 1 },
      ...(place && { node: place }),
    });
  }
  return {
    dag,
    inputs: { in: input },
    async expected() {
      const digests = new Map<string, string>();
      for (const { id, parents } of recording.functions) {
        const given = parents.length === 0 ? [digestOf(input)] : parents.map((parent) => digests.get(parent)!);
        digests.set(id, digestOf(computed(given, works.get(id)!)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return digests;
    },
  };
}

/** What a workload is made for. */
interface WorkloadOptions {
  readonly dagId: string;
  readonly seconds: number;
  readonly slots: number;
  readonly input: string;
  readonly random: () => number;
  readonly sizes?: ValueSizes;
}

/**
 * An array of large values, a map over them, and what a function makes of all that: on whatever nodes. The array is larger than what stays
 * in memory.
 */
export function mapWorkload(dagId: string, count: number, sizeBytes: number, salt: number): Workload {
  const whole = { salt, sleepMs: 0, sizeBytes };
  const each = { salt: salt + 1, sleepMs: 5, sizeBytes: sizeBytes >> 1 };
  const end = { salt: salt + 2, sleepMs: 0, sizeBytes: 0 };
  const dag = Dag.dynamic(dagId)
    .add({ id: 'array', code: tasks.elements as never, extraArgs: [count, whole], isolation: 'thread', cost: { cpu: 1 } })
    .map({ id: 'each', over: 'array', code: tasks.worked as never, extraArgs: [each], isolation: 'thread', cost: { cpu: 1 } } as never)
    .add({ id: 'end', code: tasks.work as never, args: ['each'] as never, extraArgs: [end], isolation: 'thread', cost: { cpu: 1 } });
  return {
    dag: dag as never,
    inputs: {},
    collect: 'sinks',
    async expected() {
      const made: string[] = [];
      for (let at = 0; at < count; at += 1) {
        made.push(digestOf(computed([digestOf(computed([`${at}`], whole))], each)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return new Map([['end', digestOf(computed(made, end))]]);
    },
  };
}

function workOf({ seconds, outputBytes }: RecordedFunction, salt: number, scale: number, { least, most, shrunk }: ValueSizes): Work {
  const sizeBytes = outputBytes <= SMALL_BYTES ? 0 : Math.round(Math.min(most, Math.max(least, outputBytes / shrunk)));
  return { salt, sleepMs: Math.round(seconds * scale), sizeBytes };
}
