// Brain: pure.
import type { ObservedError } from '../../../runner/index.js';
import type { SummaryView } from '../../views/view-types.js';

/** Functions that failed alike. */
export interface FailureKind {
  /** The error of the first of them. */
  readonly error: ObservedError;
  readonly functionIds: readonly string[];
}

/** Folds failures whose innermost errors read alike but for numbers: a thousand functions that fail for one reason are one entry. */
export function failureKinds(failures: SummaryView['failures']): FailureKind[] {
  const kinds = new Map<string, { readonly error: ObservedError; readonly functionIds: string[] }>();
  for (const { functionId, error } of failures) {
    const { name, message } = innermostOf(error);
    const key = `${name}\n${message.replaceAll(functionId, '').replace(/\d+/g, '')}`;
    const kind = kinds.get(key);
    if (kind) kind.functionIds.push(functionId);
    else kinds.set(key, { error, functionIds: [functionId] });
  }
  return [...kinds.values()].sort((a, b) => b.functionIds.length - a.functionIds.length);
}

/** The error that says most: that of the function itself, beneath the errors of this package that say what came of it. */
export function innermostOf(error: ObservedError): ObservedError {
  let one = error;
  for (let depth = 0; one.code?.startsWith('HANDOFF_') && one.cause && depth < 10; depth += 1) one = one.cause;
  return one;
}
