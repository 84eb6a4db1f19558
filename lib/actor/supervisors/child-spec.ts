import { HandoffError } from '../../base/index.js';
import { checkName } from '../actors/actor-options.js';
import type { Parent, Restart, Shutdown, SupervisorOptions } from '../contract.js';
import { printed, WORKER_GRACE_MS } from '../tree/cell.js';
import type { RestartIntensity } from './restart-window.js';

/**
 * A limit of restarts for a single child, independent of its siblings. One restart too many ends the child, not the supervisor, and
 * notifies the child. A child with such a limit is removed, like a temporary one, once it has ended for good. For our own actors that come
 * and go by the thousand.
 */
export interface OwnLimit extends RestartIntensity {
  readonly onGiveUp: (cause: unknown) => void;
}

/** A checked specification with all defaults. */
export interface CheckedSpec {
  readonly id: string;
  readonly start: (parent: Parent) => unknown;
  readonly restart: Restart;
  readonly significant: boolean;
  /** `undefined` until the child has started and shown its type. */
  readonly type: 'worker' | 'supervisor' | undefined;
  readonly shutdown: Shutdown | undefined;
  readonly ownLimit: OwnLimit | undefined;
}

/** Checked options with all defaults. */
export interface CheckedSupervisorOptions {
  readonly name: string | undefined;
  readonly strategy: NonNullable<SupervisorOptions['strategy']>;
  readonly maxRestarts: number;
  readonly withinMs: number;
  readonly autoShutdown: NonNullable<SupervisorOptions['autoShutdown']>;
  readonly children: readonly CheckedSpec[];
}

const STRATEGIES = ['one-for-one', 'one-for-all', 'rest-for-one'] as const;
const AUTO_SHUTDOWNS = ['never', 'any-significant', 'all-significant'] as const;
const RESTARTS = ['permanent', 'transient', 'temporary'] as const;
const TYPES = ['worker', 'supervisor'] as const;

/**
 * Checks a child's specification; unknown fields are ignored. Throws `HANDOFF_CHILD` with reason `'invalid-spec'`, the `field` and its
 * `value`. A child can be significant only if it is not always restarted and its supervisor may shut itself down. Source: OTP `supervisor`,
 * `check_childspec`.
 */
export function checkedSpec(spec: unknown, autoShutdown: CheckedSupervisorOptions['autoShutdown'], ownLimit?: OwnLimit): CheckedSpec {
  if (typeof spec !== 'object' || spec === null) throw invalidSpec('spec', spec, undefined, 'it must be an object');
  const { id, start, restart = 'permanent', shutdown, type, significant = false } = spec as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || id === '') throw invalidSpec('id', id, undefined, 'it must be a non-empty string');
  if (typeof start !== 'function') throw invalidSpec('start', start, id, 'it must be a function');
  if (!isOneOf(RESTARTS, restart)) throw invalidSpec('restart', restart, id, oneOf(RESTARTS));
  if (!isShutdown(shutdown)) {
    throw invalidSpec('shutdown', shutdown, id, "it must be ms of at least 0, 'brutal-kill' or 'infinity'");
  }
  if (type !== undefined && !isOneOf(TYPES, type)) throw invalidSpec('type', type, id, oneOf(TYPES));
  if (typeof significant !== 'boolean') throw invalidSpec('significant', significant, id, 'it must be a boolean');
  if (significant && restart === 'permanent') throw invalidSpec('significant', significant, id, 'a permanent child cannot be');
  if (significant && autoShutdown === 'never') {
    throw invalidSpec('significant', significant, id, "no child can be where autoShutdown is 'never'");
  }
  return { id, start: (parent) => Reflect.apply(start, spec, [parent]), restart, significant, type, shutdown, ownLimit };
}

/**
 * Checks a supervisor's options; unknown options are ignored. Throws `TypeError` or `RangeError` naming the option, and for the children
 * the errors of `checkedSpec`. Two children with one id are `'invalid-spec'` too.
 */
export function checkedSupervisorOptions(options: unknown): CheckedSupervisorOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError(`options must be an object, not ${printed(options)}`);
  const {
    name,
    strategy = 'one-for-one',
    maxRestarts = 3,
    withinMs = 5000,
    autoShutdown = 'never',
    children = [],
  } = options as Readonly<Record<string, unknown>>;
  checkName(name);
  checkWord('strategy', STRATEGIES, strategy);
  checkNumber('maxRestarts', maxRestarts);
  if (!(Number.isInteger(maxRestarts) && maxRestarts >= 0)) {
    throw new RangeError(`maxRestarts must be an integer of at least 0, not ${maxRestarts}`);
  }
  checkNumber('withinMs', withinMs);
  if (!(Number.isFinite(withinMs) && withinMs > 0)) throw new RangeError(`withinMs must be finite and more than 0, not ${withinMs}`);
  checkWord('autoShutdown', AUTO_SHUTDOWNS, autoShutdown);
  if (!Array.isArray(children)) throw new TypeError(`children must be an array, not ${printed(children)}`);
  const ids = new Set<string>();
  const specs = Array.from(children as unknown[], (spec) => {
    const checked = checkedSpec(spec, autoShutdown);
    if (ids.has(checked.id)) throw invalidSpec('id', checked.id, checked.id, 'another child has it');
    ids.add(checked.id);
    return checked;
  });
  return { name, strategy, maxRestarts, withinMs, autoShutdown, children: specs };
}

/** Returns how long a child has to end: its specification's time, or the default of its type. */
export function graceOf(shutdown: Shutdown | undefined, type: 'worker' | 'supervisor'): Shutdown {
  return shutdown ?? (type === 'supervisor' ? 'infinity' : WORKER_GRACE_MS);
}

function invalidSpec(field: string, value: unknown, childId: string | undefined, why: string): HandoffError {
  const which = childId === undefined ? 'a child' : `child "${childId}"`;
  return new HandoffError('HANDOFF_CHILD', `Cannot take the specification of ${which}: ${field} is ${printed(value)}, ${why}`, {
    reason: 'invalid-spec',
    childId,
    field,
    value,
  });
}

function isOneOf<W extends string>(words: readonly W[], value: unknown): value is W {
  return (words as readonly unknown[]).includes(value);
}

const oneOf = (words: readonly string[]): string => `it must be one of ${words.map((word) => `'${word}'`).join(', ')}`;

function isShutdown(value: unknown): value is Shutdown | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0;
  return value === undefined || value === 'brutal-kill' || value === 'infinity';
}

function checkWord<W extends string>(option: string, words: readonly W[], value: unknown): asserts value is W {
  if (typeof value !== 'string') throw new TypeError(`${option} must be a string, not ${printed(value)}`);
  if (!isOneOf(words, value)) throw new RangeError(`${option} is ${printed(value)}: ${oneOf(words)}`);
}

function checkNumber(option: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${option} must be a number, not ${printed(value)}`);
}
