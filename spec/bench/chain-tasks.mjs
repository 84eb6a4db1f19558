import { Dag, functionsIn } from 'handoff-dag';

const here = functionsIn(import.meta.url);

export const next = (before = 0) => before + 1;

/** Chains of functions that count up. */
export function chains(count, length, isolation) {
  const dag = Dag.dynamic('made');
  for (let chain = 0; chain < count; chain += 1) {
    for (let at = 0; at < length; at += 1)
      dag.add({ id: `${chain}-${at}`, code: here.next, isolation, ...(at > 0 && { args: [`${chain}-${at - 1}`] }) });
  }
  return dag;
}
