import { type AllocationStrategy, defaultStrategy, givenStrategy, type NamedStrategies } from '../../allocator/index.js';
import {
  atOnce,
  checkedFlag,
  checkedNumber,
  givenObject,
  nameFault,
  type RestOfWork,
  refuseRevoked,
  resultInSteps,
} from '../../base/index.js';
import type { Plan, Reuse } from '../../dag/index.js';
import type { Durability } from '../durable/record/recorder.js';

/** The checked execution options, with their defaults, as far as they do not depend on the plan. */
export interface GivenRunOptions {
  readonly strategy: AllocationStrategy;
  readonly maxRetries: number;
  readonly maxConcurrency: number;
  /** Up to so many functions a run may grow. */
  readonly maxFunctions: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly collect: 'all' | 'sinks' | readonly unknown[];
  readonly onFailure: 'abort' | 'continue';
  readonly timeoutMs: number | undefined;
  readonly stopGraceMs: number;
  readonly lostNodeWaitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly retainMs: number;
  /** Whether the run is recorded. */
  readonly isDurable: boolean;
  /** The name of the run in its journal; the default is its id. */
  readonly key: string | undefined;
  readonly durability: Durability;
  readonly reuse: Reuse;
  /** Whether results that are remembered are used, and new ones are remembered. */
  readonly usesCache: boolean;
  /** How long to wait for a run of the key that another node drives, ms. */
  readonly waitMs: number;
  /** The DAG id of the run; the default is the DAG's own. */
  readonly dagId: string | undefined;
}

/** The checked execution options of a plan. */
export interface CheckedRunOptions extends GivenRunOptions {
  /** 1 for each function whose value the caller wants. */
  readonly collected: Uint8Array;
}

const NOT_KNOWN = new Uint8Array(0);

/** Completes options with what `collectedOf` returns, in place: a copy of them costs a microsecond. */
export function completed(given: GivenRunOptions, collected: Uint8Array): CheckedRunOptions {
  const options = given as GivenRunOptions & { collected: Uint8Array };
  options.collected = collected;
  return options;
}

/** The options that are recorded, as far as they are data: they hold when a durable run goes on without them. */
const RECORDED = [
  'allocationStrategy',
  'maxRetries',
  'maxConcurrency',
  'maxFunctions',
  'collect',
  'onFailure',
  'timeoutMs',
  'stopGraceMs',
  'lostNodeWaitMs',
  'retainMs',
  'dagId',
  'cache',
] as const;

const KNOWN = new Set<string>([...RECORDED, 'inputs', 'signal', 'key', 'durable', 'durability', 'reuse', 'waitMs']);

/** Returns those of the given options that go into the record of a run. A strategy that is an object does not. */
export function recordedOptions(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = RECORDED.map((name) => [name, given[name]] as const);
  return Object.fromEntries(named.filter(([name, value]) => value !== undefined && (name === 'collect' || typeof value !== 'object')));
}

/** Checks options but for the ids in `collect`: see `collectedOf`. Throws `TypeError` or `RangeError` naming the wrong option. */
export function checkedRunOptions(given: unknown, inputs: readonly string[], strategies: NamedStrategies): GivenRunOptions {
  const options = given === undefined ? {} : givenObject(given, 'options');
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new TypeError(`unknown option "${name}"`);
    refuseRevoked(options[name], name);
  }
  const { onFailure = 'abort', signal } = options;
  if (onFailure !== 'abort' && onFailure !== 'continue')
    throw new TypeError(`onFailure must be 'abort' or 'continue', not ${String(onFailure)}`);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal');
  const { allocationStrategy } = options;
  const checked: CheckedRunOptions = {
    strategy: checkedStrategy(allocationStrategy, strategies),
    maxRetries: checkedNumber('maxRetries', options.maxRetries, { or: 3, integer: true }),
    maxConcurrency: checkedNumber('maxConcurrency', options.maxConcurrency, {
      or: Number.POSITIVE_INFINITY,
      least: 1,
      integer: true,
      infinite: true,
    }),
    maxFunctions: checkedNumber('maxFunctions', options.maxFunctions, { or: 1_000_000, least: 1, integer: true }),
    inputs: checkedInputs(options.inputs, inputs),
    collect: checkedCollect(options.collect),
    collected: NOT_KNOWN,
    onFailure,
    timeoutMs: options.timeoutMs === undefined ? undefined : checkedNumber('timeoutMs', options.timeoutMs, { or: 0 }),
    stopGraceMs: checkedNumber('stopGraceMs', options.stopGraceMs, { or: 500 }),
    lostNodeWaitMs: checkedNumber('lostNodeWaitMs', options.lostNodeWaitMs, { or: 15_000 }),
    signal,
    retainMs: checkedNumber('retainMs', options.retainMs, { or: 600_000 }),
    dagId: checkedDagId(options.dagId),
    usesCache: checkedFlag('cache', options.cache, true),
    ...checkedDurable(options),
  };
  return checked;
}

/** The longest key, bytes of UTF-8. */
const LONGEST_KEY_BYTES = 512;

type DurableOptions = Pick<CheckedRunOptions, 'isDurable' | 'key' | 'durability' | 'reuse' | 'waitMs'>;

function checkedDurable({ key, durable, durability = 'batched', reuse = 'same-code', waitMs }: Given): DurableOptions {
  if (key !== undefined) checkKey(key);
  const isDurable = checkedFlag('durable', durable, key !== undefined);
  if (key !== undefined && !isDurable) throw new TypeError('durable must not be false for a run with a key');
  if (durability !== 'batched' && durability !== 'strict') {
    throw new TypeError(`durability must be 'batched' or 'strict', not ${String(durability)}`);
  }
  if (reuse !== 'same-code' && reuse !== 'same-wiring' && reuse !== 'none') {
    throw new TypeError(`reuse must be 'same-code', 'same-wiring' or 'none', not ${String(reuse)}`);
  }
  return { isDurable, key: key as string | undefined, durability, reuse, waitMs: checkedNumber('waitMs', waitMs, { or: 0 }) };
}

type Given = Readonly<Record<string, unknown>>;

/** Throws `TypeError` if it cannot be the key of a run. */
export function checkKey(key: unknown): asserts key is string {
  const fault = nameFault(key);
  if (fault !== undefined) throw new TypeError(`key ${fault}`);
  const sizeBytes = Buffer.byteLength(key as string);
  if (sizeBytes > LONGEST_KEY_BYTES) throw new TypeError(`key must have at most ${LONGEST_KEY_BYTES} bytes of UTF-8, not ${sizeBytes}`);
}

function checkedDagId(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  // A lone surrogate does not come back from the wire as it was.
  if (typeof given !== 'string' || given === '' || LONE_SURROGATE.test(given))
    throw new TypeError('dagId must be a well-formed non-empty string');
  return given;
}

const LONE_SURROGATE = /\p{Cs}/u;

function checkedStrategy(given: unknown, strategies: NamedStrategies): AllocationStrategy {
  if (given === undefined) return defaultStrategy();
  if (typeof given === 'object' && given !== null) return givenStrategy(given, 'allocationStrategy');
  const make = strategies.get(given as string);
  if (make) return make();
  throw new TypeError(`allocationStrategy must be one of ${[...strategies.keys()].join(', ')}, or a strategy, not ${String(given)}`);
}

function checkedInputs(given: unknown, inputs: readonly string[]): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null) throw new TypeError('inputs must be an object of values by input id');
  for (const id of Object.keys(given)) if (!inputs.includes(id)) throw new TypeError(`inputs has "${id}", which is no input of the DAG`);
  return given as Readonly<Record<string, unknown>>;
}

function checkedCollect(given: unknown): GivenRunOptions['collect'] {
  if (given === undefined) return 'all';
  if (given === 'all' || given === 'sinks') return given;
  if (!Array.isArray(given)) throw new TypeError(`collect must be 'all', 'sinks' or a list of function ids, not ${String(given)}`);
  return given.slice();
}

/** Returns 1 for each function that is to be collected, in steps. Throws `TypeError` for an id that the plan does not have. */
export function collectedOf(collect: GivenRunOptions['collect'], plan: Plan): RestOfWork<Uint8Array> {
  const collected = new Uint8Array(plan.size);
  if (collect === 'all') return atOnce(collected.fill(1));
  if (collect === 'sinks') {
    for (const index of plan.sinks) collected[index] = 1;
    return atOnce(collected);
  }
  const collectIds = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) {
      const index = plan.indexOf.get(collect[at] as string);
      if (index === undefined) throw new TypeError(`collect names ${JSON.stringify(collect[at])}, which is no regular function of the DAG`);
      collected[index] = 1;
    }
  };
  return resultInSteps(collect.length, collectIds, () => collected);
}
