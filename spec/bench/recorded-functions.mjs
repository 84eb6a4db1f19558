// What a replayed workflow runs. Plain JavaScript, so that a node loads it as it is.
import { currentFunction } from 'handoff-dag';

/** Takes what others gave, lasts so long, and gives so many bytes. */
export const last = (/** @type {readonly unknown[]} */ _given, /** @type {number} */ ms, /** @type {number} */ bytes) =>
  ms === 0 ? new Uint8Array(bytes) : new Promise((resolve) => setTimeout(() => resolve(new Uint8Array(bytes)), ms));

/** The same as an element that says how long it lasts. */
export const lastAsTold = (/** @type {readonly [ms: number, bytes: number]} */ [ms, bytes], /** @type {unknown[]} */ ...given) =>
  last(given, ms, bytes);

/** The same as the element of a map over a map: how long it lasts is found under its place. */
export function lastInPlace(/** @type {unknown} */ element, /** @type {readonly (readonly [ms: number, bytes: number])[]} */ lasts) {
  const [ms, bytes] = lasts[currentFunction().index ?? 0] ?? [0, 0];
  return last([element], ms, bytes);
}
