import { HandoffError, type HandoffErrorFields, isError, textOf } from '../../base/index.js';
import { thrownOf } from '../../value/index.js';
import type { RunAnnouncement, RunEvent } from '../brain/messages.js';
import { type ErrorData, isRunFault, type RunFault } from '../brain/run-fault.js';
import { endingError } from '../runs/run-endings.js';

/** The errors that users see, by the data that they were made of: one object for each. */
const made = new WeakMap<RunFault, HandoffError>();

/** Returns the error that users see: the thrown value itself, or a `HandoffError` made of the brain's data, the same each time. */
export function liveError(data: ErrorData): unknown {
  if (!isRunFault(data)) return thrownOf(data);
  const known = made.get(data);
  if (known) return known;
  const { code, message, attemptErrors, failures, ...more } = data;
  const fields: HandoffErrorFields = {};
  for (const [field, value] of Object.entries(more)) if (value !== undefined) Object.assign(fields, { [field]: value });
  if (attemptErrors) fields.attemptErrors = attemptErrors.map(liveError);
  if (failures) fields.failures = failures.map((failure) => liveError(failure) as HandoffError);
  if (data.cause) fields.cause = liveError(data.cause);
  const error = new HandoffError(code, message, fields);
  // An error with all failures is a copy of the first of them.
  const first = fields.failures?.[0];
  if (first?.stack !== undefined) error.stack = first.stack;
  made.set(data, error);
  return error;
}

/** Returns the error with which a run ends. */
export const liveRunError = (data: ErrorData): HandoffError => endingError(liveError(data));

/** Returns the event that users see. */
export function liveEvent(event: RunAnnouncement): RunEvent {
  if (event.type === 'function-failed') return { ...event, error: liveRunError(event.error) };
  if (event.type !== 'function-resting') return event;
  const thrown = liveError(event.error);
  return { ...event, error: isError(thrown) ? thrown : new Error(textOf(thrown), { cause: thrown }) };
}
