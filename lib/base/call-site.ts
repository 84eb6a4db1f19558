import { fileURLToPath } from 'node:url';
import { systemClock } from './clock.js';
import { HandoffError } from './errors.js';
import { readSafely } from './thrown.js';

/** Where a public method was called: its stack is made into text only when an error asks for it. */
export interface CallSite {
  readonly stack?: unknown;
}

/** So many errors that an error names are trimmed too: making the text of a stack takes some 20 µs. */
const TRIMMED = 10;

/** So many frames are remembered: what remembering costs grows with them. */
const FRAMES = 5;

/**
 * So many callers are remembered at once, and so many more for each millisecond. Remembering one costs 20 µs within a run: a tenth of a
 * small run. A caller with thousands of calls a second gets the frames of some, and pays for those only.
 */
const BURST = 100;
const PER_MS = 0.5;

const NOBODY: CallSite = {};
let left = BURST;
let countedMs = 0;

/** Whether one more caller may be remembered now. */
function mayRemember(): boolean {
  const nowMs = systemClock.now();
  // Virtual time may have run ahead.
  left = Math.min(BURST, left + Math.abs(nowMs - countedMs) * PER_MS);
  countedMs = nowMs;
  if (left < 1) return false;
  left -= 1;
  return true;
}

/**
 * Remembers who called `method`, a public one that is being called now; without it, who called this. Of very many calls at once it
 * remembers some only.
 */
export function callSite(method: (...args: never[]) => unknown = callSite): CallSite {
  if (!mayRemember()) return NOBODY;
  const site: CallSite = {};
  const { stackTraceLimit } = Error;
  // With frozen intrinsics it stays as it is.
  const isShortened = stackTraceLimit > FRAMES && Reflect.set(Error, 'stackTraceLimit', FRAMES);
  Error.captureStackTrace(site, method);
  if (isShortened) Error.stackTraceLimit = stackTraceLimit;
  return site;
}

/**
 * Gives an error of ours the frames of whoever called, which it lacks as it was made later and elsewhere, in place of the engine's own. So
 * are trimmed the errors of ours among its causes and failures. What is no error of ours is left as it is. Returns the error. Never throws.
 */
export function withCallSite<E>(error: E, site: CallSite): E {
  if (!HandoffError.is(error)) return error;
  const frames = framesOf(site.stack);
  setFrames(error, frames);
  for (let cause: unknown = error.cause, left = TRIMMED; left > 0 && HandoffError.is(cause); cause = cause.cause, left -= 1)
    setFrames(cause, []);
  for (const failure of error.failures?.slice(0, TRIMMED) ?? []) if (failure !== error) setFrames(failure, []);
  return error;
}

function setFrames(error: HandoffError, callers: readonly string[]): void {
  // Who waits for whom, `at async`, follows from the callers, and would stand before them.
  const isNew = (frame: string): boolean => !callers.includes(frame) && (callers.length === 0 || !/^\s+at async /.test(frame));
  const own = framesOf(readSafely(error, 'stack')).filter(isNew);
  if (own.length + callers.length === 0) return;
  const stack = [`${error.name}: ${error.message}`, ...own, ...callers].join('\n');
  // One that cannot be changed keeps its own.
  Reflect.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
}

const LIB = new URL('..', import.meta.url);
const ENGINE = [LIB.href, fileURLToPath(LIB), '/node_modules/nact/lib/'];

function framesOf(stack: unknown): string[] {
  if (typeof stack !== 'string') return [];
  return stack.split('\n').filter((line) => {
    const isFrame = /^\s+at /.test(line);
    return isFrame && !/[( ]node:|<anonymous>\)?$/.test(line) && !ENGINE.some((path) => line.includes(path));
  });
}
