import type { Recollection } from '../brain/messages.js';
import type { RemoteSide } from './remote-side.js';
import type { RunDeps, RunJob, RunPast } from './run-job.js';
import type { RunValues } from './values/run-values.js';

/**
 * Takes up what is left of a run that goes on, before it begins: values at hand, values on other nodes, and attempts that run. The claims
 * of those are counted; everything else that nodes run of it is stopped. Returns what its brain must know, without nodes that are gone.
 */
export function takeUp(past: RunPast, { job, values, farSide }: RunParts, { allocation, node: self }: RunDeps): Recollection {
  const { places, own } = past;
  const living = new Set(allocation.members.map(({ name }) => name));
  const adopted = (past.recollection.adopted ?? []).filter(({ node }) => living.has(node));
  const recollection = { ...past.recollection, adopted, successes: withoutGone(past, living) };
  const there = new Map([...places].filter(([, node]) => living.has(node)));
  values.remember({ ...past, recollection, places: there });
  for (const { index, node } of adopted) allocation.adopt(job.runId, node, job.kinds[index]!);
  if (job.epoch > 1 && job.recorder) farSide.adopt(adopted, [...living]);
  own?.keepOnly(new Set(adopted.flatMap(({ index, node }) => (node === self ? [job.plan.ids[index]!] : []))));
  return recollection;
}

/** Values on nodes that have left meanwhile are lost. */
function withoutGone({ recollection: { successes }, places }: RunPast, living: ReadonlySet<string>): Recollection['successes'] {
  if ([...places.values()].every((node) => living.has(node))) return successes;
  return successes.map((success) => {
    const node = places.get(success.index);
    return node === undefined || living.has(node) ? success : { ...success, hasValue: false };
  });
}

/** The parts of the run that takes up. */
interface RunParts {
  readonly job: RunJob;
  readonly values: RunValues;
  readonly farSide: RemoteSide;
}
