import { HandoffError, type HandoffErrorCode } from '../../base/index.js';

/** An error as a dashboard answers it. */
export interface FailedAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Whether nobody foresaw it: it belongs into the log. */
  readonly isBug: boolean;
}

const STATUS: ReadonlyMap<HandoffErrorCode, number> = new Map<HandoffErrorCode, number>([
  ['HANDOFF_NOT_FOUND', 404],
  ['HANDOFF_NODE_LOST', 502],
  ['HANDOFF_BAD_MESSAGE', 502],
  ['HANDOFF_JOIN_REFUSED', 502],
  ['HANDOFF_STOPPED', 503],
  ['HANDOFF_TIMEOUT', 504],
]);

/** Returns the HTTP status and the words for what a source has rejected with. */
export function failedAnswer(error: unknown): FailedAnswer {
  if (HandoffError.is(error)) {
    const status = STATUS.get(error.code);
    if (status !== undefined) return { status, code: error.code, message: error.message, isBug: false };
  }
  if (error instanceof TypeError || error instanceof RangeError)
    return { status: 400, code: 'BAD_REQUEST', message: error.message, isBug: false };
  return { status: 500, code: 'INTERNAL', message: 'The answer could not be made: see the log of the node', isBug: true };
}
