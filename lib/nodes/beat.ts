import type { LogState } from '../base/index.js';

/**
 * A sign of life with the sender's state. It is sent every `intervalMs`, when a link comes up, and when the sender begins to leave. `seq`
 * counts the beats of one incarnation. `lagMs` is the longest delay of the sender's loop since the beat before.
 */
export interface Beat extends BeatContent {
  readonly type: 'beat';
  readonly seq: number;
  readonly lagMs: number;
  readonly leaving: boolean;
}

/** Resources, as `[name, amount]`. The slots of isolations are among them, under reserved names: see `slotResource`. */
export type Resources = readonly (readonly [string, number])[];

/** The state that a node reports with every beat. The membership passes it on unread. */
export interface BeatContent {
  readonly capabilities: Resources;
  readonly used: Resources;
  /** What each driver uses of them. */
  readonly byDriver: readonly (readonly [string, Resources])[];
  readonly running: number;
  readonly queued: number;
  /** Attempts that were given up and whose thread is blocked in a system call. */
  readonly blocked: number;
  readonly heldBytes: number;
  /** Whether the node's log lines are written. */
  readonly log: LogState;
}

/** The report of a node that has nothing. */
export const nothing: BeatContent = {
  capabilities: [],
  used: [],
  byDriver: [],
  running: 0,
  queued: 0,
  blocked: 0,
  heldBytes: 0,
  log: 'ok',
};
