import type { ExitReason } from '../contract.js';
import type { Cell } from '../tree/cell.js';
import type { Child } from './child.js';
import type { CheckedSpec } from './child-spec.js';

/** Calls that users make to a supervisor. */
export type SupervisorCall =
  | { readonly type: 'start-child'; readonly spec: CheckedSpec }
  | { readonly type: 'terminate-child' | 'restart-child' | 'delete-child'; readonly id: string }
  | { readonly type: 'which-children' | 'count-children' };

/** A call that waits for its answer. It settles once. */
export interface PendingSupervisorCall {
  readonly order: SupervisorCall;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Called when its turn has come, or never will. */
  answered?: () => void;
}

/** All messages of a supervisor's one mailbox, in order of arrival. */
export type SupervisorMessage =
  | { readonly type: 'begin'; readonly specs: readonly CheckedSpec[] }
  | { readonly type: 'order'; readonly pending: PendingSupervisorCall }
  /** `place` is the incarnation that ended; another may have replaced it meanwhile. */
  | { readonly type: 'child-ended'; readonly child: Child; readonly place: Cell; readonly reason: ExitReason }
  /** Retries a restart whose start failed, behind the messages that have arrived since. */
  | { readonly type: 'retry-restart'; readonly child: Child }
  | { readonly type: 'stop'; readonly reason: ExitReason }
  | { readonly type: 'stray' };
