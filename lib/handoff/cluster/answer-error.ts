import { HandoffError, textOf } from '../../base/index.js';
import { type Packed, unpackError } from '../../value/index.js';

/**
 * Returns the error to throw when a node has answered a question with an error. It is that error if it is a `HandoffError`, else a
 * `HANDOFF_BAD_MESSAGE` that names the node, with the received error as `cause`. So every question ends with a code.
 */
export function answerError(from: string, packed: Packed): HandoffError {
  const error = unpackError(packed);
  if (HandoffError.is(error)) return error;
  return new HandoffError('HANDOFF_BAD_MESSAGE', `Node "${from}" could not answer: ${textOf(error)}`, { node: from, cause: error });
}
