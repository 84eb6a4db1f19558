/** V8's messages for a write to something frozen. */
const FROZEN_WRITE =
  /^(Cannot assign to read only property .*|Cannot (add|define) property .*, object is not extensible|Cannot delete property .*|Cannot redefine property: .*|\S+ is not extensible)$/s;

const HINT =
  ' (handoff freezes the values that functions pass on: change a copy, as in [...list], { ...record } or structuredClone(value))';

/**
 * Explains an error of a write to something frozen: that handoff freezes values, and what to do. V8's own words say neither. Changes
 * message and stack of such a `TypeError` once, and leaves all other values alone. Never throws.
 */
export function explainFrozenWrite(thrown: unknown): void {
  try {
    if (!(thrown instanceof TypeError)) return;
    const { message, stack } = thrown;
    if (typeof message !== 'string' || !FROZEN_WRITE.test(message)) return;
    thrown.message = message + HINT;
    if (typeof stack === 'string') thrown.stack = stack.replace(message, () => message + HINT);
  } catch {
    // Not an error of V8's.
  }
}
