import { HandoffError, textOf } from '../../base/index.js';
import { type Packed, unpackError } from '../../value/index.js';

/**
 * What is thrown where a node has answered a question with an error: that error, if it is one of ours; else a `HANDOFF_BAD_MESSAGE` that
 * names the node, with what came as its cause. So every question ends in an error with a code.
 */
export function answerError(from: string, packed: Packed): HandoffError {
  const error = unpackError(packed);
  if (HandoffError.is(error)) return error;
  return new HandoffError('HANDOFF_BAD_MESSAGE', `Node "${from}" could not answer: ${textOf(error)}`, { node: from, cause: error });
}
