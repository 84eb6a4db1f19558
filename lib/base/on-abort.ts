/** For each signal, the callbacks to call when it aborts, and our one listener. */
const listeners = new WeakMap<AbortSignal, { readonly told: Set<() => void>; readonly listener: () => void }>();

/**
 * Calls `told` once when the signal aborts. Returns a function that removes the callback. A signal has one listener of ours, however many
 * callbacks there are: Node warns of a leak from the eleventh listener on.
 */
export function onAbort(signal: AbortSignal, told: () => void): () => void {
  let known = listeners.get(signal);
  if (!known) {
    const all = new Set<() => void>();
    const listener = (): void => {
      listeners.delete(signal);
      for (const one of [...all]) one();
    };
    known = { told: all, listener };
    listeners.set(signal, known);
    signal.addEventListener('abort', listener, { once: true });
  }
  const { told: all, listener } = known;
  // A function of its own, so that a callback registered twice is called twice.
  const mine = (): void => told();
  all.add(mine);
  return () => {
    all.delete(mine);
    if (all.size > 0 || listeners.get(signal)?.told !== all) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}
