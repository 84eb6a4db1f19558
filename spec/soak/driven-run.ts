import { type Handoff, HandoffError, type Run, type RunEvent } from '../../lib/index.js';
import { digestOf } from './tasks.js';
import type { Workload } from './workload.js';

/** How one run went. */
export interface DrivenRun {
  /** `gave-up`: with an error that losses explain; `failed`: with one that they do not. */
  readonly end: 'right' | 'wrong' | 'gave-up' | 'failed';
  /** What is wrong, or the error. */
  readonly why: string | undefined;
  readonly functions: number;
  readonly tookMs: number;
  readonly tally: RunTally;
}

/** What its events tell. */
export interface RunTally {
  /** Attempts beyond the first of each function. */
  again: number;
  /** Attempts and values that were lost with a node. */
  lost: number;
  /** Attempts that failed, by their errors: nothing here fails by itself. */
  readonly failed: Map<string, number>;
}

type StartOptions = Parameters<Handoff['execute']>[1];

/** Losses may be more than a run can take: what it may fail with then. */
const LOSSES: ReadonlySet<string> = new Set(['HANDOFF_NODE_LOST', 'HANDOFF_RESULT_LOST']);

/** A run under way; `run` is for looking at one that does not end. */
export interface RunUnderWay {
  readonly run: Run<unknown>;
  readonly ended: Promise<DrivenRun>;
}

/** Runs a workload, and compares each result with that of a sequential evaluation. `explained`: the codes of errors that losses explain. */
export function drive(handoff: Handoff, workload: Workload, options: StartOptions, explained = LOSSES): RunUnderWay {
  const startMs = performance.now();
  const run: Run<unknown> = handoff.execute(workload.dag, { ...options, inputs: workload.inputs });
  const tally: RunTally = { again: 0, lost: 0, failed: new Map() };
  const counted = count(run, tally);
  const ended = async (): Promise<DrivenRun> => {
    const functions = workload.dag.size;
    try {
      const { results } = await run;
      const tookMs = performance.now() - startMs;
      await counted;
      const why = await wrongIn(results as Readonly<Record<string, unknown>>, workload, options);
      return { end: why === undefined ? 'right' : 'wrong', why, functions, tookMs, tally };
    } catch (error) {
      await counted;
      const tookMs = performance.now() - startMs;
      const end = isExplained(error, explained) ? 'gave-up' : 'failed';
      const why = HandoffError.is(error) ? `${error.code}: ${error.message}` : String((error as Error)?.stack ?? error);
      return { end, why, functions, tookMs, tally };
    }
  };
  return { run, ended: ended() };
}

async function wrongIn(
  results: Readonly<Record<string, unknown>>,
  { dag, expected }: Workload,
  options: StartOptions,
): Promise<string | undefined> {
  const digests = await expected();
  const ids = Object.keys(results);
  if (options?.collect !== 'sinks' && ids.length !== dag.size) return `${ids.length} results of ${dag.size}`;
  if (ids.length === 0) return 'no results';
  for (const id of ids) {
    const value = results[id];
    const isRight = (typeof value === 'string' || value instanceof Uint8Array) && digestOf(value) === digests.get(id);
    if (!isRight) return `the result of ${JSON.stringify(id)}`;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

function isExplained(error: unknown, explained: ReadonlySet<string>): boolean {
  if (!HandoffError.is(error)) return false;
  const cause = error.code === 'HANDOFF_FUNCTION_FAILED' ? error.cause : error;
  return HandoffError.is(cause) && explained.has(cause.code);
}

async function count(run: AsyncIterable<RunEvent>, tally: RunTally): Promise<void> {
  const started = new Set<string>();
  for await (const event of run) {
    if (event.type === 'function-started') {
      if (started.has(event.functionId)) tally.again += 1;
      started.add(event.functionId);
    } else if (event.type === 'function-lost') tally.lost += 1;
    else if (event.type === 'function-resting' || event.type === 'function-failed') {
      const { error } = event;
      const why = `${HandoffError.is(error) ? error.code : error.name}: ${error.message.split('\n')[0]}`.replace(/"[^"]*"/g, '…');
      tally.failed.set(why, (tally.failed.get(why) ?? 0) + 1);
    }
  }
}
