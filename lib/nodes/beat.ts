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
  /** The size of the values in memory, and of their files, bytes. */
  readonly heldBytes: number;
  readonly diskBytes: number;
  /** So much of its values stays in memory, bytes. */
  readonly memoryLimitBytes: number;
  /** What it remembers: bytes (of those on the disk), results, and how often one was found. */
  readonly rememberedBytes: number;
  readonly rememberedResults: number;
  readonly rememberedHits: number;
  /** So much may be in memory before functions that only make more values are held back. */
  readonly limitBytes: number;
  /** Whether the disk is taking values, so that there is room in memory again by itself. */
  readonly isSpilling: boolean;
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
  diskBytes: 0,
  memoryLimitBytes: 0,
  rememberedBytes: 0,
  rememberedResults: 0,
  rememberedHits: 0,
  limitBytes: Number.MAX_SAFE_INTEGER,
  isSpilling: false,
  log: 'ok',
};
