/** Work that can stop between two steps, at each `yield`. A step should take half a millisecond at most. */
export type StepwiseWork<T> = Generator<undefined, T, undefined>;

/** How many steps are done in one turn of the event loop. Counted, not timed, so that a simulation takes the same path each time. */
const STEPS_IN_TURN = 8;

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
