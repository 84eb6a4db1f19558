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

/** Resources, as `[name, amount]`. */
export type Resources = readonly (readonly [string, number])[];

/** The state that a node reports with every beat. The membership passes it on unread. */
export interface BeatContent {
  readonly capabilities: Resources;
  readonly used: Resources;
  /** The use by each driver: resources, threads, slots on the loop. */
  readonly byDriver: readonly (readonly [string, Resources, number, number])[];
  /** The number of threads, and how many are in use. */
  readonly threads: readonly [number, number];
  readonly loopPlaces: readonly [number, number];
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
  threads: [0, 0],
  loopPlaces: [0, 0],
  running: 0,
  queued: 0,
  blocked: 0,
  heldBytes: 0,
  log: 'ok',
};
