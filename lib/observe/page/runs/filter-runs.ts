// Brain: pure.
import type { RunSummary } from '../../../runner/index.js';

/** Which runs are wanted: an empty text is no condition. */
export interface RunFilter {
  readonly state: string;
  /** A part of the id of the run or of its DAG, its key, or the name of its driver. */
  readonly search: string;
}

/** The runs that match, those under way first, then the latest first. */
export function filterRuns(runs: readonly RunSummary[], { state, search }: RunFilter): readonly RunSummary[] {
  const wanted = search.trim().toLowerCase();
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(wanted) ?? false;
  return runs
    .filter((run) => state === '' || run.state === state)
    .filter(({ runId, dagId, key, driver }) => wanted === '' || has(runId) || has(dagId) || has(key) || has(driver))
    .sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running') || b.startedAtMs - a.startedAtMs);
}
