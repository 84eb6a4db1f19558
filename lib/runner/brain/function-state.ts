// Brain: pure.
/** Where a function of a run stands. The last four are final, as long as nothing is lost. */
export const FUNCTION_STATES = ['waiting', 'ready', 'placed', 'running', 'resting', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;

/**
 * - `waiting`: something it needs has no result yet. - `ready`: it asks for a claim. - `placed`: it holds one, and is about to start.
 * - `running`: an attempt is under way. - `resting`: an attempt failed, the next one is due later. - `skipped`: something it needs failed.
 */
export type FunctionState = (typeof FUNCTION_STATES)[number];

/** What can happen to a function. */
export type FunctionEvent =
  | 'inputs-ready'
  | 'placed'
  | 'started'
  | 'succeeded'
  | 'attempt-failed'
  | 'rested'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'declined'
  | 'node-lost'
  | 'value-lost'
  | 'argument-lost';

/**
 * The life of a function: what follows on what. A pair that is not here must not happen. A lost node, or one that leaves, sends a function
 * back to `ready` with a raised attempt, one that has no room for it with the same; a value that is lost with its node sends one that had
 * succeeded, and those that were about to use it, back to `waiting`; cancelling an attempt under way leaves the function where it is until
 * the attempt has ended.
 */
export const TRANSITIONS: Readonly<Record<FunctionState, Readonly<Partial<Record<FunctionEvent, FunctionState>>>>> = {
  waiting: { 'inputs-ready': 'ready', skipped: 'skipped', cancelled: 'cancelled' },
  ready: { placed: 'placed', failed: 'failed', cancelled: 'cancelled', 'value-lost': 'waiting' },
  placed: {
    started: 'running',
    cancelled: 'cancelled',
    declined: 'ready',
    failed: 'failed',
    'node-lost': 'ready',
    'argument-lost': 'waiting',
  },
  running: {
    succeeded: 'succeeded',
    'attempt-failed': 'resting',
    failed: 'failed',
    cancelled: 'cancelled',
    declined: 'ready',
    'node-lost': 'ready',
    'argument-lost': 'waiting',
  },
  resting: { rested: 'ready', cancelled: 'cancelled' },
  succeeded: { 'value-lost': 'waiting' },
  failed: {},
  skipped: {},
  cancelled: {},
};

/** Whether a function in this state has done what it can; only losing its value brings one back. */
export const isFinal = (state: FunctionState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'skipped' || state === 'cancelled';

/** The states in which a function holds a claim. */
export const holdsClaim = (state: FunctionState): boolean => state === 'placed' || state === 'running';
