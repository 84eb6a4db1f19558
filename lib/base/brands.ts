/** Marks a `HandoffError` in every copy of the package and in every thread: `instanceof` cannot. */
export const handoffBrand = Symbol.for('handoff-dag.HandoffError');

/** The same for a `NonRetryableError`. */
export const nonRetryableBrand = Symbol.for('handoff-dag.NonRetryableError');

/** Whether the value has the brand. Never throws; returns false for a value that cannot be inspected. */
export function isBranded(value: unknown, brand: symbol): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return Reflect.has(value, brand);
  } catch {
    return false;
  }
}
