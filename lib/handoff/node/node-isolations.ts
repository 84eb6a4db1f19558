import { safeThrown, textOf } from '../../base/index.js';
import { guardedIsolation, type IsolationFactory, type IsolationOptions, type IsolationRunner, slotOf } from '../../executor/index.js';

/**
 * The isolations of a node, by name: the built-in ones, and those of its user, which are guarded. Throws `TypeError` naming the one whose
 * factory throws or makes something else; nothing of the others is left then.
 */
export function makeIsolations(
  builtIn: ReadonlyMap<string, IsolationFactory>,
  own: ReadonlyMap<string, IsolationFactory>,
  options: IsolationOptions,
): ReadonlyMap<string, IsolationRunner> {
  const made = new Map<string, IsolationRunner>();
  try {
    for (const [name, make] of builtIn) made.set(name, make(options));
    for (const [name, make] of own) made.set(name, guardedIsolation(name, madeBy(name, make, options), options));
    return made;
  } catch (error) {
    for (const runner of made.values()) void runner.close();
    throw error;
  }
}

function madeBy(name: string, make: IsolationFactory, options: IsolationOptions): IsolationRunner {
  let runner: Partial<IsolationRunner> | null;
  try {
    runner = make(options);
  } catch (thrown) {
    const cause = safeThrown(thrown);
    throw new TypeError(`isolations.${name} has thrown: ${textOf(cause)}`, { cause });
  }
  if (typeof runner?.start !== 'function' || typeof runner.close !== 'function') {
    throw new TypeError(`isolations.${name} must return an object with the methods start and close`);
  }
  const { slots } = runner;
  if (slots !== undefined && !(Number.isSafeInteger(slots) && slots > 0)) {
    throw new TypeError(`isolations.${name}: slots must be a whole number from 1, not ${String(slots)}`);
  }
  return runner as IsolationRunner;
}

/** Returns how many slots a node has, by name. Isolations that share slots have as many as the one whose name they have. */
export function slotsOf(runners: ReadonlyMap<string, IsolationRunner>, threads: number): Readonly<Record<string, number>> {
  const own = [...runners].filter(([name]) => slotOf(name) === name);
  return Object.fromEntries(own.map(([name, { slots = threads }]) => [name, slots]));
}
