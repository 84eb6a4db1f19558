import { setTimeout as sleep } from 'node:timers/promises';
import { Dag, type DynamicDag, Handoff } from 'handoff-dag';
import { ProcessWatch } from './process-watch.mjs';
import { layers } from './shapes.js';

const KEY = 'recorded';

/** A run of which a record is made, or that goes on with it, in a process of its own. */
export interface RecordedRunOptions {
  /** What `Handoff.start` needs for the journal: a folder or a URL. */
  readonly place: { readonly dataDir: string } | { readonly journal: string; readonly leaseMs?: number };
  /** How many functions succeed before the first driver ends. */
  readonly count: number;
}

/** What a resumption took, ms. */
export interface Resumption {
  /** Until the first function that has not run before is called. */
  readonly firstMs: number;
  readonly wholeMs: number;
  readonly longestPauseMs: number;
  /** How many successes were taken from the record. */
  readonly recalled: number;
}

/** So many functions that do nothing, and one more, which takes the result of the last. */
function dagOf(count: number, last: () => unknown): DynamicDag {
  return layers(10)
    .make(count)
    .add({ id: 'last', code: last, args: [`f${count - 1}`], version: '1' }) as DynamicDag;
}

/** Long enough for a group to be written, ms. */
const WRITTEN_MS = 500;

/** Records so many successes. The last function never ends: whoever called kills the process. */
export async function recordRun({ place, count }: RecordedRunOptions): Promise<void> {
  const handoff = await Handoff.start(place);
  const dag = dagOf(count, () => new Promise(() => {}));
  const run = handoff.execute(dag, { key: KEY, collect: 'sinks' });
  run.catch(() => {});
  while (run.progress.succeeded < count) await sleep(5);
  await sleep(WRITTEN_MS);
}

/** Goes on with a run that `recordRun` left. */
export async function resumeRun({ place, count }: RecordedRunOptions): Promise<Resumption> {
  const handoff = await Handoff.start(place);
  let firstMs = 0;
  const dag = dagOf(count, () => {
    firstMs = performance.now();

    return 1;
  });
  const watch = new ProcessWatch();
  await sleep(50);
  const startMs = performance.now();

  const { results } = await handoff.execute(dag, { key: KEY, collect: 'sinks', waitMs: 60_000 });
  const wholeMs = performance.now() - startMs;
  const { longestPauseMs } = watch.end();
  if (results.last !== 1) throw new Error('the result of a resumed run is wrong');
  const [record] = await handoff.runs();
  await handoff.stop();
  return { firstMs: firstMs - startMs, wholeMs, longestPauseMs, recalled: record!.succeeded - 1 };
}

/** Drives a run whose only function never ends, until the process is killed. */
export async function driveForEver({ place }: RecordedRunOptions): Promise<void> {
  const handoff = await Handoff.start(place);
  const dag = Dag.dynamic('for ever').add({ id: 'last', version: '1', code: () => new Promise(() => {}) });
  const run = handoff.execute(dag, { key: KEY });
  run.catch(() => {});
  for await (const { type } of run) if (type === 'function-started') return;
}
