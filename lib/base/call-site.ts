import { fileURLToPath } from 'node:url';
import { systemClock } from './clock.js';
import { HandoffError } from './errors.js';
import { LIB_FOLDER } from './lib-folder.js';
import { readSafely } from './thrown.js';

/** The place from which a public method was called. Its stack is formatted only when an error needs it. */
export interface CallSite {
  readonly stack?: unknown;
}

/** The stacks of at most this many linked errors are trimmed: formatting one takes some 20 µs. */
const TRIMMED = 10;

/** The number of frames that are remembered. The cost of remembering grows with it. */
const FRAMES = 5;

/**
 * `BURST` callers may be remembered at once, and `PER_MS` more in each millisecond. Remembering one costs 20 µs within a run: a tenth of a
 * small run. A caller with thousands of calls a second gets the frames of some of them, and pays for those only.
 */
const BURST = 100;
const PER_MS = 0.5;

const NOBODY: CallSite = {};
let left = BURST;
let countedMs = 0;

/** Whether one more caller may be remembered now. */
function mayRemember(): boolean {
  const nowMs = systemClock.now();
  // Virtual time may be ahead of this clock.
  left = Math.min(BURST, left + Math.abs(nowMs - countedMs) * PER_MS);
  countedMs = nowMs;
  if (left < 1) return false;
  left -= 1;
  return true;
}

/**
 * Remembers the caller of `method`, the public method that is running now. The default is the caller of the function that calls this. When
 * there are very many calls, only some are remembered.
 */
export function callSite(method: (...args: never[]) => unknown = callSite): CallSite {
  if (!mayRemember()) return NOBODY;
  const site: CallSite = {};
  const { stackTraceLimit } = Error;
  // With frozen intrinsics the limit cannot be changed.
  const isShortened = stackTraceLimit > FRAMES && Reflect.set(Error, 'stackTraceLimit', FRAMES);
  Error.captureStackTrace(site, method);
  if (isShortened) Error.stackTraceLimit = stackTraceLimit;
  return site;
}

/**
 * Replaces the engine's frames in an error of ours by those of the caller. The error lacks these because it was made later and elsewhere.
 * Errors of ours among its causes and failures are trimmed too; other errors are not touched. Returns the error. Never throws.
 */
export function withCallSite<E>(error: E, site: CallSite): E {
  if (!HandoffError.is(error)) return error;
  const callers = framesOf(site.stack);
  // Without its caller an error keeps the engine's frames: they are all that it has.
  const isBare = callers.length > 0;
  setFrames(error, callers);
  for (let cause: unknown = error.cause, left = TRIMMED; left > 0 && HandoffError.is(cause); cause = cause.cause, left -= 1)
    setFrames(cause, [], isBare);
  for (const failure of error.failures?.slice(0, TRIMMED) ?? []) if (failure !== error) setFrames(failure, callers);
  return error;
}

/** Sets the frames of an error of ours: those of its own that are the user's, and the callers. `isBare`: even if these are none. */
function setFrames(error: HandoffError, callers: readonly string[], isBare = false): void {
  // Frames marked `at async` follow from the callers, and would stand before them.
  const isNew = (frame: string): boolean => !callers.includes(frame) && (callers.length === 0 || !/^\s+at async /.test(frame));
  const own = framesOf(readSafely(error, 'stack')).filter(isNew);
  if (own.length + callers.length === 0 && !isBare) return;
  const stack = [`${error.name}: ${error.message}`, ...own, ...callers].join('\n');
  // An error that cannot be changed keeps its own stack.
  Reflect.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
}

const ENGINE = [LIB_FOLDER.href, fileURLToPath(LIB_FOLDER), '/node_modules/nact/lib/'];

function framesOf(stack: unknown): string[] {
  if (typeof stack !== 'string') return [];
  return stack.split('\n').filter((line) => {
    const isFrame = /^\s+at /.test(line);
    return isFrame && !/[( ]node:|<anonymous>\)?$/.test(line) && !ENGINE.some((path) => line.includes(path));
  });
}
