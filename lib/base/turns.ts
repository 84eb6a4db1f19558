/** Work that can stop between two steps, at each `yield`. A step should take half a millisecond at most. */
export type StepwiseWork<T> = Generator<undefined, T, undefined>;

/** How many items of some 50 ns to 200 ns each are done in one step. */
const ITEMS_IN_STEP = 4096;

/** What remains of work, for `yield*`. */
export type RestOfWork<T> = Iterable<undefined, T, undefined>;

/** Nothing remains of it. A generator for each loop over a few items would cost more than the loop. */
class NoMoreWork<T> {
  readonly result: T;

  constructor(result: T) {
    this.result = result;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorReturnResult<T> {
    return { done: true, value: this.result };
  }
}

const NO_MORE: RestOfWork<void> = new NoMoreWork<void>(undefined);

/** Passes the ranges of `count` items to `work`, one in each step: the first now, and the others in the work that it returns. */
export function inSteps(count: number, work: (from: number, to: number) => void): RestOfWork<void> {
  work(0, Math.min(count, ITEMS_IN_STEP));
  return count <= ITEMS_IN_STEP ? NO_MORE : furtherSteps(count, work, nothing);
}

/** The same, with a result. */
export function resultInSteps<T>(count: number, work: (from: number, to: number) => void, result: () => T): RestOfWork<T> {
  work(0, Math.min(count, ITEMS_IN_STEP));
  return count <= ITEMS_IN_STEP ? atOnce(result()) : furtherSteps(count, work, result);
}

/** Returns a result that is there. */
export const atOnce = <T>(result: T): RestOfWork<T> => (result === undefined ? (NO_MORE as RestOfWork<T>) : new NoMoreWork(result));

/** Goes on with the result of work: now if it is there, without any generator. */
export function andThen<A, B>(work: RestOfWork<A>, next: (result: A) => RestOfWork<B>): RestOfWork<B> {
  return work instanceof NoMoreWork ? next(work.result as A) : laterSteps(work, next);
}

function* laterSteps<A, B>(work: RestOfWork<A>, next: (result: A) => RestOfWork<B>): StepwiseWork<B> {
  return yield* next(yield* work);
}

const nothing = (): void => {};

function* furtherSteps<T>(count: number, work: (from: number, to: number) => void, result: () => T): StepwiseWork<T> {
  for (let from = ITEMS_IN_STEP; from < count; from += ITEMS_IN_STEP) {
    yield;
    work(from, Math.min(count, from + ITEMS_IN_STEP));
  }
  return result();
}

/** How many steps are done in one turn of the event loop. Counted, not timed, so that a simulation takes the same path each time. */
const STEPS_IN_TURN = 8;

/** Ends the turn after a copy of so many items, which takes milliseconds for a million, and is one step. */
export function restAfter(items: number): RestOfWork<void> {
  return items <= 8 * ITEMS_IN_STEP ? NO_MORE : wholeTurn();
}

/** Ends the turn. */
export function* wholeTurn(): StepwiseWork<void> {
  for (let step = 0; step < STEPS_IN_TURN; step += 1) yield;
}

/** Does all of the work now, and returns its result. */
export function doAtOnce<T>(work: RestOfWork<T>): T {
  if (work instanceof NoMoreWork) return work.result as T;
  const steps = work[Symbol.iterator]();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does work that throws nothing, for which nobody waits: now if a turn is enough, else in turns. */
export function doUnattended(work: RestOfWork<void>): void {
  if (work !== NO_MORE) void doNowOrInTurns(work);
}

/** Does the work within one turn if that is enough, and returns its result; else in turns. Throws or rejects with what the work throws. */
export function doNowOrInTurns<T>(work: RestOfWork<T>): T | Promise<T> {
  const steps = work[Symbol.iterator]();
  for (let step = 0; step < STEPS_IN_TURN; step += 1) {
    const { done, value } = steps.next();
    if (done) return value;
  }
  return nextTurn().then(() => doInTurns({ [Symbol.iterator]: () => steps }));
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Does the work in turns of the event loop of some milliseconds each, the first one now. Rejects with what the work throws. */
export async function doInTurns<T>(work: RestOfWork<T>): Promise<T> {
  const steps = work[Symbol.iterator]();
  for (;;) {
    for (let step = 0; step < STEPS_IN_TURN; step += 1) {
      const { done, value } = steps.next();
      if (done) return value;
    }
    await nextTurn();
  }
}
