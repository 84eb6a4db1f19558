import type { ExitReason } from '../contract.js';
import type { Cell } from '../tree/cell.js';
import type { Child } from './child.js';
import type { CheckedSpec } from './child-spec.js';

/** What users ask of a supervisor. */
export type SupervisorCall =
  | { readonly type: 'start-child'; readonly spec: CheckedSpec }
  | { readonly type: 'terminate-child' | 'restart-child' | 'delete-child'; readonly id: string }
  | { readonly type: 'which-children' | 'count-children' };

/** An order that waits for its answer; settles once. */
export interface PendingSupervisorCall {
  readonly order: SupervisorCall;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Its turn has come, or will not. */
  answered?: () => void;
}

/** What comes through a supervisor's one mailbox, in this order and no other. */
export type SupervisorMessage =
  | { readonly type: 'begin'; readonly specs: readonly CheckedSpec[] }
  | { readonly type: 'order'; readonly pending: PendingSupervisorCall }
  /** `place` is the incarnation that ended: another may have taken its place meanwhile. */
  | { readonly type: 'child-ended'; readonly child: Child; readonly place: Cell; readonly reason: ExitReason }
  /** A restart whose start failed, behind whatever came in since. */
  | { readonly type: 'retry-restart'; readonly child: Child }
  | { readonly type: 'stop'; readonly reason: ExitReason }
  | { readonly type: 'stray' };
