// Brain: pure.
/** The states of a function in a run. The last four are final unless a value is lost. */
export const FUNCTION_STATES = [
  'waiting',
  'looking-up',
  'ready',
  'placed',
  'running',
  'resting',
  'recording',
  'open',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const;

/**
 * - `waiting`: a function that it needs has no result yet.
 * - `looking-up`: it has all that it needs, and it is looked up whether its result is remembered.
 * - `ready`: it asks for a claim.
 * - `placed`: it holds one, and is about to start.
 * - `running`: an attempt is in progress.
 * - `resting`: an attempt failed, the next one is due later.
 * - `recording`: it has made its value and holds no claim any more; its success is on the way to the journal.
 * - `open`: a map or an expansion whose parts are being added, or run; it holds no claim.
 * - `succeeded`: it has a result, which may still be lost with its node.
 * - `failed`: its attempts are used up.
 * - `skipped`: a function that it needs failed, or its condition does not hold.
 * - `cancelled`: the run, or the expansion that it is a part of, ended first.
 */
export type FunctionState = (typeof FUNCTION_STATES)[number];

/** The events of a function. */
export type FunctionEvent =
  | 'inputs-ready'
  | 'look-up-begun'
  | 'remembered'
  | 'not-remembered'
  | 'placed'
  | 'started'
  | 'made'
  | 'recorded'
  | 'recalled'
  | 'adopted'
  | 'opened'
  | 'succeeded'
  | 'attempt-failed'
  | 'rested'
  | 'failed'
  | 'skipped'
  | 'not-taken'
  | 'cancelled'
  | 'declined'
  | 'node-lost'
  | 'value-lost'
  | 'part-lost'
  | 'argument-lost';

/**
 * The life of a function: the next state for each state and event. Pairs that are missing here must not happen.
 *
 * A node that is lost or leaves sends a function back to `ready`, with a new attempt number. A node without room for it does the same, with
 * the same number. A value lost with its node sends its function back to `waiting`, and the functions that were about to use it. Cancelling
 * a running attempt leaves the function in its state until the attempt has ended.
 * A map opens instead of becoming ready, and an expansion when it has made its DAG; both end with the last of their parts.
 * A function whose result may be remembered is looked up once, before it becomes ready. If that value is lost later, it runs.
 * What a journal has recorded of the run goes from `waiting` to `succeeded`; an attempt that a former driver began, to `placed`.
 */
export const TRANSITIONS: Readonly<Record<FunctionState, Readonly<Partial<Record<FunctionEvent, FunctionState>>>>> = {
  waiting: {
    'inputs-ready': 'ready',
    'look-up-begun': 'looking-up',
    recalled: 'succeeded',
    adopted: 'placed',
    opened: 'open',
    failed: 'failed',
    skipped: 'skipped',
    'not-taken': 'skipped',
    cancelled: 'cancelled',
  },
  'looking-up': {
    remembered: 'succeeded',
    made: 'recording',
    'not-remembered': 'ready',
    cancelled: 'cancelled',
    'value-lost': 'waiting',
  },
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
    made: 'recording',
    opened: 'open',
    'attempt-failed': 'resting',
    failed: 'failed',
    cancelled: 'cancelled',
    declined: 'ready',
    'node-lost': 'ready',
    'argument-lost': 'waiting',
  },
  resting: { rested: 'ready', cancelled: 'cancelled' },
  recording: { recorded: 'succeeded', opened: 'open', failed: 'failed', cancelled: 'cancelled', 'value-lost': 'waiting' },
  open: { succeeded: 'succeeded', failed: 'failed', skipped: 'skipped', cancelled: 'cancelled', 'value-lost': 'waiting' },
  succeeded: { 'value-lost': 'waiting', 'part-lost': 'open' },
  failed: {},
  skipped: {},
  cancelled: {},
};

/** Whether a function has nothing more to do in this state. Only the loss of its value brings it back. */
export const isFinal = (state: FunctionState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'skipped' || state === 'cancelled';

/** Whether a function in this state counts for the bound of the map that it is an element of. */
export const usesLimit = (state: FunctionState): boolean => state !== 'waiting' && !isFinal(state);

/** Whether a function holds a claim in this state. */
export const holdsClaim = (state: FunctionState): boolean => state === 'placed' || state === 'running';
