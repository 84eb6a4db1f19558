// Brain: pure.
import type { HandoffErrorCode } from '../../base/index.js';
import type { ThrownData } from '../../value/index.js';

/** An error that the brain makes, as plain data: the fields of the `HandoffError` that users see. */
export interface RunFault {
  readonly code: HandoffErrorCode;
  readonly message: string;
  readonly dagId?: string;
  readonly runId?: string;
  readonly functionId?: string;
  readonly node?: string | undefined;
  readonly attempts?: number;
  readonly attemptErrors?: readonly ErrorData[];
  readonly cause?: ErrorData;
  readonly failures?: readonly RunFault[];
}

/** An error as plain data: one of the brain's own, or one that was thrown. */
export type ErrorData = RunFault | ThrownData;

/** Whether the brain made it. */
export const isRunFault = (error: ErrorData): error is RunFault => 'code' in error;
