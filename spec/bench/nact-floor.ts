import * as nact from 'nact';

/**
 * The floor under every function on the loop: for each of `count` one nact actor is spawned under a silent parent, gets one message,
 * answers it to a collector, and is stopped; `inFlight` at a time. No supervision, no values, no resources.
 */
export function nactFloor(count: number, inFlight = 16): Promise<void> {
  return new Promise((resolve) => {
    const system = nact.start({ name: `floor-${Math.random()}` } as never);
    const silent = nact.spawn(system, (state: unknown) => state, 'silent');
    let started = 0;
    let done = 0;
    const work = (_state: unknown, message: { readonly replyTo: nact.Ref<unknown> }, ctx: { readonly self: nact.Ref<unknown> }): void => {
      nact.dispatch(message.replyTo, { done: ctx.self });
    };
    const startOne = (replyTo: nact.Ref<unknown>): void => {
      const actor = nact.spawn(silent, work as never, `f${started}`);
      started += 1;
      nact.dispatch(actor, { replyTo } as never);
    };
    const collector: nact.Ref<unknown> = nact.spawn(system, ((_state: unknown, message: { readonly done: nact.Ref<unknown> }) => {
      nact.stop(message.done);
      done += 1;
      if (started < count) startOne(collector);
      else if (done === count) {
        nact.stop(system);
        resolve();
      }
    }) as never) as never;
    for (let first = 0; first < Math.min(inFlight, count); first += 1) startOne(collector);
  });
}
