import { HandoffError } from '../../../base/index.js';
import { shapes } from '../../../peer/index.js';
import { NO_PROGRESS, type Progress, type RunSummary } from '../../../runner/index.js';

/** The most runs that are taken from one answer. */
const MOST_RUNS = 20_000;

const { amount, count, id, list, nodeName, nullable, number, object, tuple, word } = shapes;

/** A run in a list, on the wire. */
const wireSummary = object({
  runId: id,
  dagId: id,
  key: nullable(id),
  driver: nodeName,
  state: word('running', 'completed', 'failed', 'cancelled'),
  progress: list(tuple(id, amount), 20),
  startedAtMs: number,
  endedAtMs: nullable(number),
});
type WireSummary = shapes.Of<typeof wireSummary>;

/** Returns runs as they go over the wire. */
export function packRuns(runs: readonly RunSummary[]): readonly WireSummary[] {
  return runs.slice(0, MOST_RUNS).map(({ progress, key = null, endedAtMs = null, ...rest }) => {
    return { ...rest, key, endedAtMs, progress: Object.entries(progress) };
  });
}

/** Reads a list of runs, as far as it is valid. Throws `HANDOFF_BAD_MESSAGE` if it is no list. */
export function unpackRuns(from: string, answer: unknown): readonly RunSummary[] {
  if (!Array.isArray(answer)) throw new HandoffError('HANDOFF_BAD_MESSAGE', `Node "${from}" has sent no list of runs`, { node: from });
  const valid = answer.slice(0, MOST_RUNS).filter((one): one is WireSummary => wireSummary(one) === undefined);
  return valid.map(({ progress, key, endedAtMs, ...rest }) => {
    return { ...rest, progress: progressFrom(progress), ...(key !== null && { key }), ...(endedAtMs !== null && { endedAtMs }) };
  });
}

const progressFrom = (counts: WireSummary['progress']): Progress => {
  const given = new Map<string, number>(counts);
  const states = Object.entries(NO_PROGRESS).map(([state, none]) => [
    state,
    count(given.get(state)) === undefined ? given.get(state)! : none,
  ]);
  return Object.fromEntries(states) as unknown as Progress;
};

/**
 * Merges lists of runs, the latest first. If two nodes list a run, the summary of the node that drives it now stands, else that of its last
 * driver.
 */
export function mergedRuns(lists: Iterable<readonly RunSummary[]>): RunSummary[] {
  const byRun = new Map<string, RunSummary>();
  for (const runs of lists) {
    for (const run of runs) {
      const known = byRun.get(run.runId);
      if (!known || rank(run) > rank(known)) byRun.set(run.runId, run);
    }
  }
  return [...byRun.values()].sort((one, other) => other.startedAtMs - one.startedAtMs || (one.runId < other.runId ? -1 : 1));
}

/** When it was last known to be driven, by the clocks of its drivers: for lists, not for decisions about the run. */
const rank = ({ state, endedAtMs = 0 }: RunSummary): number => (state === 'running' ? Number.POSITIVE_INFINITY : endedAtMs);
