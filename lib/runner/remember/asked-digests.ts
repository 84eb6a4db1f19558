import type { PlanShape } from '../../dag/index.js';

/** Returns how old the remembered result of a function may be, ms; `undefined` if it is not remembered. Elements are as their map. */
export function ttlMsOf({ caching, growth, added }: PlanShape, index: number): number | undefined {
  if (caching === undefined) return undefined;
  const by = added?.parentOf[index] ?? -1;
  return caching.ttls.get(index) ?? (by >= 0 && growth!.maps.has(by) ? caching.ttls.get(by) : undefined);
}

/**
 * Whether the digest of a function's value is needed: its result is remembered, or it is taken by one whose result is, as it is or within
 * what a map or an expansion gives.
 */
export function isDigestAsked(shape: PlanShape, index: number): boolean {
  const { caching, added } = shape;
  if (caching === undefined) return false;
  if (caching.digestedParts.has(index) || ttlMsOf(shape, index) !== undefined) return true;
  for (let at = index; at >= 0; at = added?.parentOf[at] ?? -1) if (caching.digested.has(at)) return true;
  return false;
}
