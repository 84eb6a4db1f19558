import { safeThrown, textOf } from '../../base/index.js';
import { guardedIsolation, type IsolationFactory, type IsolationOptions, type IsolationRunner } from '../../executor/index.js';

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
  if (typeof runner?.start === 'function' && typeof runner.close === 'function') return runner as IsolationRunner;
  throw new TypeError(`isolations.${name} must return an object with the methods start and close`);
}
