import type { MapOf, PlanCaching, PlanFragment, PlanGrowth, When } from '../../dag/index.js';
import type { Shape } from '../../peer/index.js';

const WRONG = '';

/** Whether this may say how a plan branches and grows. */
export function isGrowth(value: unknown): value is PlanGrowth {
  if (typeof value !== 'object' || value === null) return false;
  const { whens, maps, gists, expansions, optionals, splits } = value as PlanGrowth;
  if (![whens, maps, gists].every((one) => one instanceof Map)) return false;
  if (![expansions, optionals, splits].every((one) => one instanceof Set)) return false;
  return [...whens.values()].every(isWhen) && [...maps.values()].every(isMapOf);
}

/** Whether this may say which results are remembered. */
export function isCaching(value: unknown): value is PlanCaching {
  if (typeof value !== 'object' || value === null) return false;
  const { ttls, digested, digestedParts } = value as PlanCaching;
  return ttls instanceof Map && digested instanceof Set && digestedParts instanceof Set;
}

const isWhen = ({ on, test }: When): boolean =>
  Number.isInteger(on) && (test === 'truthy' || (typeof test === 'object' && ('is' in test ? test.is : test.isNot) !== undefined));

const isMapOf = ({ over, concurrency, isPipelined }: MapOf): boolean =>
  Number.isInteger(over) && concurrency >= 1 && typeof isPipelined === 'boolean';

/** Functions that can be appended to the plan that they are for. */
export const fragmentShape: Shape<unknown> = (value) => (isFragment(value) ? undefined : WRONG);

function isFragment(value: unknown): value is PlanFragment {
  if (typeof value !== 'object' || value === null) return false;
  const { by, from, total, ids, producersStart: start, producers, retries, growth, caching, sinks, consumers } = value as PlanFragment;
  if (!Number.isInteger(from) || !(Number.isInteger(by) && by >= 0 && by < from) || !Number.isInteger(total)) return false;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) return false;
  if (!(start instanceof Int32Array) || !(producers instanceof Int32Array) || !(retries instanceof Map)) return false;
  const to = from + ids.length;
  const isIndex = (index: unknown): boolean => Number.isInteger(index) && (index as number) >= 0 && (index as number) < to;
  return (
    start.length === ids.length + 1 &&
    start.every((at, k) => at >= (start[k - 1] ?? 0)) &&
    start[ids.length] === producers.length &&
    producers.every(isIndex) &&
    (growth === undefined || isGrowth(growth)) &&
    (caching === undefined || isCaching(caching)) &&
    (consumers === undefined || (consumers instanceof Int32Array && consumers.length === ids.length)) &&
    (sinks === undefined || (Array.isArray(sinks) && sinks.every(isIndex)))
  );
}
