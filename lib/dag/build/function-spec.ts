import { nameFault, refuseWrongName, reservedFault } from '../../base/index.js';
import { type ConditionSpec, conditionOf } from './condition.js';
import { type Arg, argOf, frozenCode, refuseWrongCode } from './edge.js';
import { type AnyFunction, type FunctionRef, isCodeRef, type UntypedFunctionRef } from './function-ref.js';

/**
 * The known isolations. A program with one of its own adds its name by declaration merging:
 * `declare module 'handoff-dag' { interface Isolations { readonly sandbox: true } }`.
 */
export interface Isolations {
  /** In a worker thread of the node's pool. */
  readonly thread: true;
  /** On the node's own event loop. */
  readonly loop: true;
  /** In a child process of the node's pool. */
  readonly process: true;
}

/** The name of an isolation: where a function runs. */
export type Isolation = keyof Isolations;

/** Whether a value may name an isolation. Which ones there are, each node says. */
export const isIsolationName = (value: unknown): value is Isolation => nameFault(value) === undefined;

/** How long a failed function rests before its nth restart: `min(maxDelayMs, initialDelayMs × factor^(n−1)) × (1 ± jitter)`. */
export interface RetryOptions {
  /**
   * The rest before the first restart, ms.
   * @default 100
   */
  initialDelayMs?: number;
  /**
   * How many times longer each further rest is, from 0.
   * @default 2
   */
  factor?: number;
  /**
   * The longest rest before jitter, ms.
   * @default 30_000
   */
  maxDelayMs?: number;
  /**
   * The random share by which a rest varies, from 0 to 1.
   * @default 0.25
   */
  jitter?: number;
}

/** Places a function on the same node as another. Made by `collocatedWith`. */
export interface CollocatedWith {
  readonly collocatedWith: string;
}

/** Places a function on the node that drives the run. Made by `onDriver`. */
export interface OnDriver {
  readonly onDriver: true;
}

/**
 * A value for `node`: the same node as that function, and as all that are collocated with either.
 * @throws `TypeError` if the id is not a non-empty string.
 */
export function collocatedWith(functionId: string): CollocatedWith {
  if (typeof functionId !== 'string' || functionId === '') {
    throw new TypeError('Cannot collocate: collocatedWith takes the id of a function, a non-empty string');
  }
  refuseWrongName(functionId, 'Cannot collocate', 'the id');
  return Object.freeze({ collocatedWith: functionId });
}

/** A value for `node`: the node that drives the run, whichever that is. */
export function onDriver(): OnDriver {
  return Object.freeze({ onDriver: true });
}

/**
 * How a function is to be run. All options are optional, and checked by `validate`. An inline function runs inside its consumer's attempt,
 * so its consumer's options apply; its own are checked but have no effect.
 */
export interface FunctionOptions {
  /**
   * Resources held while it runs: any names, fractions are exact. In the loop the default is `{}`. In threads and processes it is `{ cpu: 1
   * }` if any member has 1 cpu when the run starts, else `{}`: then threads alone bound how many run.
   */
  readonly cost?: Readonly<Record<string, number>>;
  /** The node to run on: a node's name, `onDriver()` or `collocatedWith(id)`. The default is any node. */
  readonly node?: string | CollocatedWith | OnDriver;
  /** How often it is restarted after a failure: a whole number from 0. The default is the run's `maxRetries`. */
  readonly maxRetries?: number;
  /** How long it rests before it is restarted. */
  readonly retry?: RetryOptions;
  /** The limit of one attempt, ms, more than 0. The default is no limit. */
  readonly timeoutMs?: number;
  /** Where it runs. For references the default is the node's `isolation` (`'thread'`). Plain functions run in the loop only. */
  readonly isolation?: Isolation;
  /**
   * A function with a higher priority goes first.
   * @default 0
   */
  readonly priority?: number;
  /** How long it is expected to take, ms. The default is learnt from earlier runs. */
  readonly estimateMs?: number;
  /**
   * Stands for its code: a recorded success is used again as long as the version is the same, whatever its module holds then. The default
   * is the content of its module and of the local modules that it imports, or the text of a plain function.
   */
  readonly version?: string;
  /**
   * Whether its result is remembered: a function with the same code and the same arguments has it, in later runs and processes too. With
   * `ttlMs`, one that was remembered longer ago counts for nothing. A plain function needs a `version`; a node needs a `dataDir`.
   * @default false
   */
  readonly cache?: boolean | CacheOptions;
}

/** How a result is remembered. */
export interface CacheOptions {
  /** How old it may be, ms, from 0. The default is any age. */
  readonly ttlMs?: number;
}

/** A function as the DAG holds it: frozen, with all defaults except those that depend on the run. */
export interface FunctionSpec extends FunctionOptions {
  /** Unique in the DAG. */
  readonly id: string;
  /** The code to call: a function of a module, or a plain function, which stays in its process. */
  readonly code: AnyFunction | FunctionRef | UntypedFunctionRef;
  /** The ids whose results are passed first. */
  readonly args: readonly (string | Arg<string, never, unknown>)[];
  /** Constants passed after the results. */
  readonly extraArgs: readonly unknown[];
  /**
   * Whether results are passed one by one, or as one array in first place.
   * @default 'variadic'
   */
  readonly argumentInclusion: 'variadic' | 'as-list';
  /**
   * `'inline'` means evaluated within each consumer's attempt, and absent from the results. `'map'` runs once for each element of an array,
   * and `'expand'` returns a DAG that runs within the run.
   * @default 'regular'
   */
  readonly type: 'regular' | 'inline' | 'map' | 'expand';
  /** The id of the array that a map goes over. */
  readonly over?: string;
  /** How many elements of a map run at once: a whole number from 1. The default is no limit. */
  readonly concurrency?: number;
  /** The condition under which it runs. The default is that it always runs. */
  readonly when?: ConditionSpec;
  /**
   * Whether the run goes on with `undefined` when it has failed for good.
   * @default false
   */
  readonly optional?: boolean;
}

/** The options, in the order in which copies, JSON and faults list them. */
export const OPTION_FIELDS = [
  'cost',
  'node',
  'maxRetries',
  'retry',
  'timeoutMs',
  'isolation',
  'priority',
  'estimateMs',
  'version',
  'cache',
] as const;

/** The method of a DAG that adds a function. */
export type Adder = 'add' | 'map' | 'expand';

const SHARED_FIELDS = ['id', 'code', 'args', 'extraArgs', 'when', 'optional', ...OPTION_FIELDS];
const FIELDS: Readonly<Record<Adder, ReadonlySet<string>>> = {
  add: new Set([...SHARED_FIELDS, 'argumentInclusion', 'type']),
  map: new Set([...SHARED_FIELDS, 'over', 'concurrency']),
  expand: new Set(SHARED_FIELDS),
};
const NONE: readonly never[] = Object.freeze([]);

type Loose = { readonly [F in keyof FunctionSpec]?: unknown };

/**
 * Returns a frozen copy of a specification, so that changing the given object later changes no DAG. `adder` says which fields it may have.
 * The values in `extraArgs` are not copied. Everything else is copied unchecked; `validate` checks it.
 * @throws `TypeError`, naming function and field, for a wrong id, code, args, over or when, and for an unknown field.
 */
export function specOf(given: unknown, adder: Adder = 'add'): FunctionSpec {
  const loose = looseOf(given);
  const { id } = loose;
  refuseWrongName(id, 'Cannot add a function', 'its id');
  for (const key of Object.keys(loose))
    if (!FIELDS[adder].has(key)) throw new TypeError(`${intentOf(id)}: unknown field ${JSON.stringify(key)}`);
  if (loose.type === 'map' || loose.type === 'expand') {
    throw new TypeError(`${intentOf(id)}: type is ${JSON.stringify(loose.type)}, which ${loose.type}(…) adds`);
  }
  const spec: { -readonly [F in keyof FunctionSpec]: FunctionSpec[F] } = {
    id,
    code: codeOf(id, loose.code),
    args: argsOf(id, loose.args),
    extraArgs: extraArgsOf(loose.extraArgs),
    argumentInclusion: (loose.argumentInclusion === undefined ? 'variadic' : loose.argumentInclusion) as FunctionSpec['argumentInclusion'],
    type: adder === 'add' ? ((loose.type === undefined ? 'regular' : loose.type) as FunctionSpec['type']) : adder,
  };
  if (adder === 'map') spec.over = overOf(id, loose.over);
  if (loose.concurrency !== undefined) spec.concurrency = loose.concurrency as number;
  if (loose.when !== undefined) spec.when = conditionOf(loose.when, intentOf(id));
  if (loose.optional !== undefined) spec.optional = loose.optional as boolean;
  for (const field of OPTION_FIELDS) {
    const value = loose[field];
    if (value !== undefined) Object.assign(spec, { [field]: frozenCopy(value) });
  }
  refuseWrongNames(spec);
  return Object.freeze(spec);
}

/**
 * Returns a frozen copy of a function as a DAG holds it, or as JSON has it: its `type` says how it was added.
 * @throws as `specOf` does.
 */
export function heldSpecOf(given: unknown): FunctionSpec {
  const { type } = looseOf(given);
  if (type !== 'map' && type !== 'expand') return specOf(given);
  const { type: _, argumentInclusion, ...rest } = given as Loose;
  // A map of another copy of the package has the default; anything else is no map.
  return specOf(argumentInclusion === undefined || argumentInclusion === 'variadic' ? rest : { ...rest, argumentInclusion }, type);
}

function looseOf(given: unknown): Loose {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  throw new TypeError('Cannot add a function: its specification is not an object');
}

/** Checks names that go to other nodes. Whether they exist is checked by `validate` and the run. */
function refuseWrongNames({ id, node, cost }: Loose & { readonly id: string }): void {
  if (typeof node === 'string' && node !== '') refuseWrongName(node, intentOf(id), 'node');
  if (typeof cost !== 'object' || cost === null) return;
  for (const name of Object.keys(cost)) {
    if (name === '') continue;
    const what = `the resource ${JSON.stringify(name)} of cost`;
    refuseWrongName(name, intentOf(id), what);
    const fault = reservedFault(name);
    if (fault !== undefined) throw new TypeError(`${intentOf(id)}: ${what} ${fault}`);
  }
}

const intentOf = (id: string): string => `Cannot add function ${JSON.stringify(id)}`;

function codeOf(id: string, code: unknown): FunctionSpec['code'] {
  if (typeof code === 'function') return code as AnyFunction;
  if (isCodeRef(code)) {
    refuseWrongCode(code, intentOf(id));
    return frozenCode(code);
  }
  throw new TypeError(`${intentOf(id)}: code is neither a function nor a reference { module, name }`);
}

function argsOf(id: string, args: unknown): FunctionSpec['args'] {
  if (args === undefined) return NONE;
  if (!Array.isArray(args)) throw new TypeError(`${intentOf(id)}: args is not an array`);
  const copy: (string | Arg<string, never, unknown>)[] = [];
  // An index loop, as an iterator would hide holes.
  for (let i = 0; i < args.length; i++) {
    const given: unknown = args[i];
    if (typeof given === 'string' && given !== '') {
      refuseWrongName(given, intentOf(id), `args[${i}]`);
      copy.push(given);
    } else if (typeof given === 'object' && given !== null) copy.push(argOf(given, intentOf(id)));
    else throw new TypeError(`${intentOf(id)}: args[${i}] is neither a non-empty string nor arg(…)`);
  }
  return copy.length === 0 ? NONE : Object.freeze(copy);
}

function overOf(id: string, over: unknown): string {
  if (typeof over !== 'string' || over === '') throw new TypeError(`${intentOf(id)}: over is not a non-empty string`);
  refuseWrongName(over, intentOf(id), 'over');
  return over;
}

function extraArgsOf(extraArgs: unknown): readonly unknown[] {
  if (extraArgs === undefined) return NONE;
  if (!Array.isArray(extraArgs)) return extraArgs as readonly unknown[];
  // `slice` keeps holes: `toJSON` and the value check refuse them with the path.
  return extraArgs.length === 0 ? NONE : Object.freeze(extraArgs.slice());
}

/** Copies plain objects only. Anything else is an invalid option, and is left for `validate` to name. */
function frozenCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.freeze({ ...value }) : value;
}
