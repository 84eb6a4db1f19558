import type { LogState } from '../base/index.js';

/** Resources, as `[name, amount]`. */
export type Resources = readonly (readonly [string, number])[];

/** What a node reports with every beat. The membership passes it on unread. */
export interface BeatContent {
  readonly capabilities: Resources;
  readonly used: Resources;
  /** What of it is in use for each driver: resources, threads, places on the loop. */
  readonly byDriver: readonly (readonly [string, Resources, number, number])[];
  /** How many there are, and how many are in use. */
  readonly threads: readonly [number, number];
  readonly loopPlaces: readonly [number, number];
  readonly running: number;
  readonly queued: number;
  /** Attempts that were given up and whose thread is blocked in a system call. */
  readonly blocked: number;
  readonly heldBytes: number;
  /** Whether what it logs is written. */
  readonly log: LogState;
}

/** What a node says that has nothing. */
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

/**
 * A sign of life with the sender's state: sent every `intervalMs`, when a link comes up, and when the sender begins to leave. `seq` counts
 * the beats of one incarnation; `lagMs` is the most that its loop was late since the one before.
 */
export interface Beat extends BeatContent {
  readonly type: 'beat';
  readonly seq: number;
  readonly lagMs: number;
  readonly leaving: boolean;
}
