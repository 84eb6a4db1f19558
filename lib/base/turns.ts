/** Work that can stop between two steps, at each `yield`. A step should take half a millisecond at most. */
export type StepwiseWork<T> = Generator<undefined, T, undefined>;

/** How many items of some 50 ns to 200 ns each are done in one step. */
const ITEMS_IN_STEP = 4096;

/** What remains of work, for `yield*`. */
export type RestOfWork<T> = Iterable<undefined, T, undefined>;

/** Nothing remains of it. A generator for each loop over a few items would cost more than the loop. */
class NoMoreWork<T> {
  readonly #last: IteratorReturnResult<T>;

  constructor(value: T) {
    this.#last = { done: true, value };
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorReturnResult<T> {
    return this.#last;
  }
}

const NO_MORE = new NoMoreWork<void>(undefined);

/** Passes the ranges of `count` items to `work`, one in each step: the first now, and the others in the work that it returns. */
export function inSteps(count: number, work: (from: number, to: number) => void): RestOfWork<void> {
  work(0, Math.min(count, ITEMS_IN_STEP));
  return count <= ITEMS_IN_STEP ? NO_MORE : furtherSteps(count, work);
}

function* furtherSteps(count: number, work: (from: number, to: number) => void): StepwiseWork<void> {
  for (let from = ITEMS_IN_STEP; from < count; from += ITEMS_IN_STEP) {
    yield;
    work(from, Math.min(count, from + ITEMS_IN_STEP));
  }
}

/** How many steps are done in one turn of the event loop. Counted, not timed, so that a simulation takes the same path each time. */
const STEPS_IN_TURN = 8;

/** Lists up to this long are made within a step. A longer one takes milliseconds. */
const LONG_LIST = 50_000;

/** Makes something that takes as long as several steps. */
function* inLongStep<T>(make: () => T): StepwiseWork<T> {
  for (let step = 0; step < STEPS_IN_TURN / 2; step += 1) yield;
  return make();
}

/** Returns a list of `size` equal entries. */
export function filledList<T>(size: number, entry: T): RestOfWork<T[]> {
  const make = (): T[] => new Array<T>(size).fill(entry);
  return size <= LONG_LIST ? new NoMoreWork(make()) : inLongStep(make);
}

/** Returns a copy of the first `size` entries of a list. */
export function firstOfList<T>(list: readonly T[], size: number): RestOfWork<readonly T[]> {
  return size <= LONG_LIST ? new NoMoreWork(list.slice(0, size)) : inLongStep(() => list.slice(0, size));
}

/** Does all of the work now, and returns its result. */
export function doAtOnce<T>(work: StepwiseWork<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does the work in turns of the event loop of some milliseconds each, the first one now. Rejects with what the work throws. */
export async function doInTurns<T>(work: StepwiseWork<T>): Promise<T> {
  for (;;) {
    for (let step = 0; step < STEPS_IN_TURN; step += 1) {
      const { done, value } = work.next();
      if (done) return value;
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}
