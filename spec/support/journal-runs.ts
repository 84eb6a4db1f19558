import type { Journal, OpenRunRequest, RecordedRun, RunJournal } from '../../lib/journal/index.js';

/** Asks for a run under a key, as a driver does that knows no such run. */
export const requestFor = (key: string, given: Partial<OpenRunRequest> = {}): OpenRunRequest => ({
  key,
  knownEpoch: 0,
  runId: `run of ${key}`,
  dagId: 'dag',
  opening: [],
  summary: new Uint8Array(),
  ...given,
});

/** Opens a run. Fails where it is not opened. */
export async function openedRun(journal: Journal, request: OpenRunRequest): Promise<RunJournal> {
  const answer = await journal.openRun(request);
  if (answer.type !== 'opened') throw new Error(`the run is ${answer.type}`);
  return answer.run;
}

/** The groups of a run, in order. */
export async function groupsIn(journal: Journal, run: RunJournal | RecordedRun): Promise<Uint8Array[]> {
  const groups: Uint8Array[] = [];
  for await (const { bytes } of journal.readGroups(run)) groups.push(bytes);
  return groups;
}
