import type { ExitReason } from '../contract.js';
import { printed } from '../tree/cell.js';

/** The options of `spawnActor`. */
export interface ActorOptions<S> {
  /** A name for people, unique under its parent. Any non-empty string. The default is none. */
  name?: string;
  /** Makes the first state. Without it the state is `undefined`. */
  init?: () => S | Promise<S>;
  /** Called once at the end, with the state as of the last completely handled message, unless the actor is killed. */
  onTerminate?: (state: S, reason: ExitReason) => void | Promise<void>;
}

/** Throws `TypeError`, naming the fault, if the handler or the options are wrong. */
export function checkActor(handler: unknown, options: unknown): void {
  checkFunction('handler', handler);
  if (typeof options !== 'object' || options === null) throw new TypeError(`options must be an object, not ${printed(options)}`);
  const { name, init, onTerminate } = options as Readonly<Record<string, unknown>>;
  checkName(name);
  if (init !== undefined) checkFunction('init', init);
  if (onTerminate !== undefined) checkFunction('onTerminate', onTerminate);
}

/** Checks a name. Any non-empty string is allowed. */
export function checkName(name: unknown): asserts name is string | undefined {
  if (name === undefined) return;
  if (typeof name !== 'string') throw new TypeError(`name must be a string, not ${printed(name)}`);
  if (name === '') throw new TypeError('name must not be empty');
}

function checkFunction(field: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${field} must be a function, not ${printed(value)}`);
}
