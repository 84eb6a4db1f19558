// Brain: pure.
import { nameFault, refuseRevoked, reservedFault } from '../../base/index.js';
import type { Capabilities } from '../strategy.js';

/**
 * Amounts of named resources, exact: whole billionths of a unit, so that three claims of 0.1 leave 0.7 of 1. A positive amount below a
 * billionth counts as one.
 */
export type Amounts = ReadonlyMap<string, bigint>;

const BILLION = 1_000_000_000n;

/** The most resources of a node or of a cost: as many as messages between nodes may name. */
const MOST_RESOURCES = 1000;

/** Returns an amount in billionths. It is rounded up only if it would otherwise vanish. */
function billionths(amount: number): bigint {
  const whole = Math.trunc(amount);
  const part = BigInt(Math.round((amount - whole) * 1e9));
  const total = BigInt(whole) * BILLION + part;
  return total === 0n && amount > 0 ? 1n : total;
}

/** Returns the nearest number. */
const units = (amount: bigint): number => Number(amount / BILLION) + Number(amount % BILLION) / 1e9;

/** Converts a record of numbers. Amounts of 0 are kept, so that a registered resource stays visible. */
export function amounts(record: Capabilities): Amounts {
  return new Map(Object.keys(record).map((name) => [name, billionths(record[name]!)]));
}

/** Returns an ordinary object with own properties, also for names such as `__proto__`. */
export function record(from: Amounts): Record<string, number> {
  const to: Record<string, number> = {};
  for (const [name, amount] of from) {
    Object.defineProperty(to, name, { value: units(amount), writable: true, enumerable: true, configurable: true });
  }
  return to;
}

/** Whether each amount of `cost` is within `limits` less `used`. A resource that is not registered has no amount. */
export function fits(cost: Amounts, limits: Amounts, used?: Amounts): boolean {
  for (const [name, amount] of cost) {
    if (amount > (limits.get(name) ?? 0n) - (used?.get(name) ?? 0n)) return false;
  }
  return true;
}

/** Whether each amount of one cost is at least that of another. */
export function covers(cost: Amounts, other: Amounts): boolean {
  if (cost === other) return true;
  for (const [name, amount] of other) if (amount > (cost.get(name) ?? 0n)) return false;
  return true;
}

/** Returns the part of `cost` that `limits` less `used` cannot give: the whole amount of each resource that is short. */
export function shortOf(cost: Amounts, limits: Amounts, used: Amounts): Record<string, number> {
  return record(new Map([...cost].filter(([name, amount]) => amount > (limits.get(name) ?? 0n) - (used.get(name) ?? 0n))));
}

/** Returns how much of each resource of `cost` is missing in `limits` less `used`. */
export function missingOf(cost: Amounts, limits: Amounts, used: Amounts): Record<string, number> {
  const missing = [...cost].map(([name, amount]) => [name, amount - (limits.get(name) ?? 0n) + (used.get(name) ?? 0n)] as const);
  return record(new Map(missing.filter(([name, amount]) => amount > 0n && cost.get(name)! > 0n)));
}

/** Returns `cpu 2, memory 4000`, for messages; `nothing` if it is empty. */
export function describe(cost: Capabilities): string {
  const parts = Object.keys(cost).map((name) => `${name} ${cost[name]}`);
  return parts.length > 0 ? parts.join(', ') : 'nothing';
}

/**
 * Returns a copy of capabilities that a user gave. Throws `TypeError` if it is not a record of numbers, and `RangeError` for an amount that
 * is negative or not finite.
 */
export function checkedCapabilities(given: unknown, what: string): Capabilities {
  refuseRevoked(given, what);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${what} must be an object of resource names and amounts, not ${given === null ? 'null' : typeof given}`);
  }
  const checked: Record<string, number> = {};
  const entries = Object.entries(given);
  if (entries.length > MOST_RESOURCES) {
    throw new RangeError(`${what} must have at most ${MOST_RESOURCES} resources, not ${entries.length}: they are told with every beat`);
  }
  for (const [name, amount] of entries) {
    if (name === '') throw new TypeError(`${what} must name every resource: one name is empty`);
    const fault = nameFault(name) ?? reservedFault(name);
    if (fault !== undefined) throw new TypeError(`${what}: the name ${JSON.stringify(name)} ${fault}`);
    if (typeof amount !== 'number') throw new TypeError(`${what}.${name} must be a number, not ${typeof amount}`);
    if (!Number.isFinite(amount) || amount < 0)
      throw new RangeError(`${what}.${name} must be a finite number of at least 0, not ${amount}`);
    Object.defineProperty(checked, name, { value: amount, writable: true, enumerable: true, configurable: true });
  }
  return Object.freeze(checked);
}
