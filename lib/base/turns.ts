/** Work that can stop between two steps, at each `yield`. A step should take half a millisecond at most. */
export type StepwiseWork<T> = Generator<undefined, T, undefined>;

/** How many items of some 50 ns to 200 ns each are done in one step. */
const ITEMS_IN_STEP = 4096;

/** Passes the ranges of `count` items to `work`, one in each step. A loop over few items is one call, without a stop. */
export function* inSteps(count: number, work: (from: number, to: number) => void, itemsInStep = ITEMS_IN_STEP): StepwiseWork<void> {
  for (let from = 0; from < count; from += itemsInStep) {
    if (from > 0) yield;
    work(from, Math.min(count, from + itemsInStep));
  }
}

/** How many steps are done in one turn of the event loop. Counted, not timed, so that a simulation takes the same path each time. */
const STEPS_IN_TURN = 8;

/** Lists up to this long are made within a step. A longer one takes milliseconds. */
const LONG_LIST = 50_000;

/** What follows takes as long as several steps. */
function* beforeLongStep(): StepwiseWork<void> {
  for (let step = 0; step < STEPS_IN_TURN / 2; step += 1) yield;
}

/** Returns a list of `size` equal entries. */
export function* filledList<T>(size: number, entry: T): StepwiseWork<T[]> {
  if (size > LONG_LIST) yield* beforeLongStep();
  return new Array<T>(size).fill(entry);
}

/** Returns a copy of the first `size` entries of a list. */
export function* firstOfList<T>(list: readonly T[], size: number): StepwiseWork<readonly T[]> {
  if (size > LONG_LIST) yield* beforeLongStep();
  return list.slice(0, size);
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
