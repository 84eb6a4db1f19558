import { isThenable, refuseRevoked, safeThrown, textOf } from '../../base/index.js';
import {
  type BuiltInFactory,
  type BuiltInOptions,
  type BuiltInRunner,
  guardedIsolation,
  type IsolationFactory,
  type IsolationOptions,
  type IsolationRunner,
  slotOf,
} from '../../executor/index.js';

/**
 * The isolations of a node, by name: the built-in ones, and those of its user, which are guarded. Throws `TypeError` naming the one whose
 * factory throws or makes something else; nothing of the others is left then.
 */
export function makeIsolations(
  builtIn: ReadonlyMap<string, BuiltInFactory>,
  own: ReadonlyMap<string, IsolationFactory>,
  options: BuiltInOptions,
): ReadonlyMap<string, BuiltInRunner> {
  const { together: _, ...ofOthers } = options;
  const made = new Map<string, BuiltInRunner>();
  try {
    for (const [name, make] of builtIn) made.set(name, make(options));
    for (const [name, make] of own) made.set(name, guardedIsolation(name, madeBy(name, make, ofOthers), options));
    return made;
  } catch (error) {
    for (const runner of made.values()) void runner.close();
    throw error;
  }
}

function madeBy(name: string, make: IsolationFactory, options: IsolationOptions): IsolationRunner {
  const thrown = (error: unknown): never => {
    const cause = safeThrown(error);
    throw new TypeError(`isolations.${name} has thrown: ${textOf(cause)}`, { cause });
  };
  const runner = ((): Partial<IsolationRunner> | null | undefined => {
    try {
      return make(options);
    } catch (error) {
      return thrown(error);
    }
  })();
  refuseRevoked(runner, `what isolations.${name} has made`);
  // Nothing awaits it, and an unhandled rejection would end the process.
  if (isThenable(runner)) Promise.resolve(runner).catch(() => {});
  const read = (key: keyof IsolationRunner): unknown => {
    try {
      return runner?.[key];
    } catch (error) {
      return thrown(error);
    }
  };
  if (typeof read('start') !== 'function' || typeof read('close') !== 'function') {
    throw new TypeError(`isolations.${name} must return an object with the methods start and close`);
  }
  const slots = read('slots');
  if (slots !== undefined && !(Number.isSafeInteger(slots) && (slots as number) > 0)) {
    throw new TypeError(`isolations.${name}: slots must be a whole number from 1, not ${textOf(slots)}`);
  }
  const own = runner as IsolationRunner;
  return {
    ...(slots !== undefined && { slots: slots as number }),
    start: (call, settle) => own.start(call, settle),
    close: () => own.close(),
  };
}

/** Returns how many slots a node has, by name. Isolations that share slots have as many as the one whose name they have. */
export function slotsOf(runners: ReadonlyMap<string, BuiltInRunner>, threads: number): Readonly<Record<string, number>> {
  const own = [...runners].filter(([name]) => slotOf(name) === name);
  return Object.fromEntries(own.map(([name, { slots = threads }]) => [name, slots]));
}

/** Returns the names of the slots in which calls may lie where others run. */
export const aheadSlotsOf = (runners: ReadonlyMap<string, BuiltInRunner>): ReadonlySet<string> =>
  new Set([...runners].flatMap(([name, { startAhead }]) => (startAhead ? [slotOf(name)] : [])));
