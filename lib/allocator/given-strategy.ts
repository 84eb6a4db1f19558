import { checkedNumber, entriesOf, refuseRevoked } from '../base/index.js';
import { ASK_AGAIN_MS } from './placement/strategy-waits.js';
import { strategies } from './strategies/index.js';
import type { AllocationStrategy } from './strategy.js';

/**
 * Reads a user's own strategy once, so that later only `place` can throw, which is called as its method. Throws `TypeError`, beginning with
 * `what`, if it is not a strategy.
 */
export function givenStrategy(given: unknown, what: string): AllocationStrategy {
  refuseRevoked(given, what);
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} must be a strategy, not ${String(given)}`);
  const { name, place, takesAnyRoom = false, askAgainMs } = given as Partial<AllocationStrategy>;
  if (typeof name !== 'string' || typeof place !== 'function') throw new TypeError(`${what} must have a name and a place function`);
  refuseRevoked(place, `${what}: place`);
  if (typeof takesAnyRoom !== 'boolean') throw new TypeError(`${what} must have true or false for takesAnyRoom`);
  return {
    name,
    takesAnyRoom,
    askAgainMs: checkedNumber(`${what}: askAgainMs`, askAgainMs, { or: ASK_AGAIN_MS, least: 1 }),
    place: (request) => Reflect.apply(place, given, [request]) as string | undefined,
  };
}

/** Returns the built-in strategies and the user's own, by name. Throws `TypeError` for a wrong one, and for a name that is built in. */
export function namedStrategies(given: unknown): NamedStrategies {
  const named = new Map<string, () => AllocationStrategy>(Object.entries(strategies));
  if (given === undefined) return named;
  for (const [name, make] of entriesOf(given, 'strategies', 'functions')) {
    if (named.has(name)) throw new TypeError(`strategies cannot have "${name}": that is built in`);
    if (typeof make !== 'function') throw new TypeError(`strategies must be functions that make a strategy: "${name}" is not one`);
    refuseRevoked(make, `strategies.${name}`);
    named.set(name, () => givenStrategy(make(), `what the strategy "${name}" is made as`));
  }
  return named;
}

/** The strategies that can be named on a node. Each function makes one for a run. */
export type NamedStrategies = ReadonlyMap<string, () => AllocationStrategy>;
