/** Marks a `HandoffError` in every copy of the package and in every thread: `instanceof` cannot. */
export const handoffBrand = Symbol.for('handoff-dag.HandoffError');

/** The same for a `NonRetryableError`. */
export const nonRetryableBrand = Symbol.for('handoff-dag.NonRetryableError');

/** Whether it bears the brand. Never throws: what cannot be looked at bears none. */
export function isBranded(value: unknown, brand: symbol): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return Reflect.has(value, brand);
  } catch {
    return false;
  }
}
