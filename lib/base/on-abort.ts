/** By signal, who is told when it aborts. */
const listeners = new WeakMap<AbortSignal, { readonly told: Set<() => void>; readonly listener: () => void }>();

/**
 * Calls `told` once when the signal aborts; returns how to stop listening. However many listen to one signal, it has one listener of ours:
 * Node warns of a leak from the eleventh on.
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
  // Its own function, so that who listens twice is told twice.
  const mine = (): void => told();
  all.add(mine);
  return () => {
    all.delete(mine);
    if (all.size > 0 || listeners.get(signal)?.told !== all) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}
