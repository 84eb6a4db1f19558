import { HandoffError, safeThrown, textOf } from '../../base/index.js';
import { blockedText, saysBlocked } from '../../executor/index.js';
import type { Progress } from '../brain/messages.js';

/** Returns the error of a cancelled run. */
export function cancelled({ dagId }: { readonly dagId: string }, runId: string, reason: unknown): HandoffError {
  const cause = safeThrown(reason);
  return new HandoffError('HANDOFF_RUN_CANCELLED', `Run of DAG "${dagId}" was cancelled`, { dagId, runId, cause });
}

/** Returns the error of a run that took longer than its caller waits. */
export function timedOut(
  { dagId, runId, progress }: { readonly dagId: string; readonly runId: string; readonly progress: Progress },
  timeoutMs: number,
): HandoffError {
  const { succeeded, total } = progress;
  const message = `Run of DAG "${dagId}" timed out after ${timeoutMs} ms: ${succeeded} of ${total} functions had finished`;
  return new HandoffError('HANDOFF_RUN_TIMEOUT', message, { dagId, runId });
}

/** Returns the error of a run whose node ended, or whose DagRunner crashed too often. */
export function aborted(run: { readonly runId: string; readonly dagId: string }, why: string, cause: unknown): HandoffError {
  const { runId, dagId } = run;
  return new HandoffError('HANDOFF_RUN_ABORTED', `Run of DAG "${dagId}" was aborted: ${why}`, { dagId, runId, cause });
}

/** Returns the error of a run that ended with whatever was thrown. */
export const endingError = (thrown: unknown): HandoffError =>
  HandoffError.is(thrown) ? thrown : new HandoffError('HANDOFF_RUN_ABORTED', textOf(thrown), { cause: thrown });

/** Adds to the error of a run which of its functions could not be ended, by what runs their code. */
export function sayBlocked(error: HandoffError, blocked: ReadonlyMap<string, string>): void {
  if (saysBlocked(error.message)) return;
  for (const what of new Set(blocked.values())) {
    const ids = [...blocked.keys()].filter((id) => blocked.get(id) === what);
    const named = ids.slice(0, 3).map((id) => `"${id}"`);
    const more = ids.length > 3 ? ` and ${ids.length - 3} more` : '';
    error.message += `; ${blockedText(what, `${named.join(', ')}${more}`)}`;
  }
}
