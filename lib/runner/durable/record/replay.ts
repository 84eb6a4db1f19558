import { canGrow } from '../../../dag/index.js';
import type { ModuleContents } from '../../../executor/index.js';
import type { RecordedRun } from '../../../journal/index.js';
import type { RunRequest } from '../../runs/run-request.js';
import { resumeNeed } from '../resume/resume-need.js';
import type { RunHistory } from './record-reader.js';
import type { Recalled } from './run-record.js';

/** Whether a run has completed and all of its record still holds. Then it is reported again without being opened. */
export async function isReplay(
  { state, dagId }: RecordedRun,
  history: RunHistory,
  again: Recalled,
  { plan, options }: RunRequest,
  contents: ModuleContents,
): Promise<boolean> {
  // Under another DAG id it is opened, so that its record has the new one: it is looked for by that from now on.
  if (state !== 'completed' || dagId !== plan.dagId) return false;
  const { successes, failures = [], reasons } = again.recollection;
  if (!plan.growth) {
    if (successes.length < plan.size) return false;
    return options.collected.every((isCollected, index) => isCollected === 0 || again.values[index] !== undefined);
  }
  // What is not recorded of a run that has completed was not taken, if it is still the same.
  if (!again.isSame || reasons.length > 0) return false;
  if (canGrow(plan.growth) && (await resumeNeed({ plan: history.plan, parts: history.parts }, contents))?.waitsFor === 'code') return false;
  const isKnown = new Set(failures.map(({ index }) => index));
  const made = new Set(successes.map(({ index }) => index));
  return options.collected.every((isCollected, index) => {
    if (isCollected === 0 || isKnown.has(index)) return true;
    const composite = again.grown.recordedAs[index]!;
    if (history.parts.of(composite)) return areKept(history, composite);
    return !made.has(index) || again.values[index] !== undefined;
  });
}

/** Whether the values of all parts that make that of a map or expansion are in the record itself. */
function areKept({ parts }: RunHistory, composite: number): boolean {
  const toLookAt = [composite];
  for (let one = toLookAt.pop(); one !== undefined; one = toLookAt.pop()) {
    const { start, total, plan, sinks } = parts.of(one)!;
    for (let k = 0; k < (plan ? sinks.length : total); k += 1) {
      const part = start + (plan ? sinks[k]! : k);
      if (parts.of(~part)) toLookAt.push(~part);
      else if (parts.successes.epochOf(part) > 0 && !parts.failed.has(part) && !parts.successes.hasValue(part)) return false;
    }
  }
  return true;
}
