import { refuseWrongName } from '../../base/index.js';
import { type Arg, argOf, frozenCode, refuseWrongCode } from './edge.js';
import { type AnyFunction, type FunctionRef, isCodeRef, type UntypedFunctionRef } from './function-ref.js';

/** The isolations that there are; a program with one of its own adds its name by declaration merging. */
export interface Isolations {
  /** In a worker thread of the node's pool. */
  readonly thread: true;
  /** On the node's own event loop. */
  readonly loop: true;
  /** In a child process of the node's pool. */
  readonly process: true;
}

/** Where a function runs. */
export type Isolation = keyof Isolations;

const KNOWN: ReadonlySet<unknown> = new Set(['thread', 'loop', 'process']);

/** Whether a value names an isolation. */
export const isIsolation = (value: unknown): value is Isolation => KNOWN.has(value);

/** The names of the isolations, as a text lists them. */
export const ISOLATION_NAMES = "'thread', 'loop' or 'process'";

/** How long a failed function rests before its nth restart: `min(maxDelayMs, initialDelayMs × factor^(n−1)) × (1 ± jitter)`. */
export interface RetryOptions {
  /** Default 100. */
  initialDelayMs?: number;
  /** Default 2. */
  factor?: number;
  /** Default 30_000. */
  maxDelayMs?: number;
  /** From 0 to 1, default 0.25. */
  jitter?: number;
}

/** Says: on the same node as that function. Made by `collocatedWith`. */
export interface CollocatedWith {
  readonly collocatedWith: string;
}

/** Says: on the node that drives the run. Made by `onDriver`. */
export interface OnDriver {
  readonly onDriver: true;
}

/**
 * For `node`: on the same node as that function, and as all that are collocated with either. An id that is no non-empty string is a
 * `TypeError`.
 */
export function collocatedWith(functionId: string): CollocatedWith {
  if (typeof functionId !== 'string' || functionId === '') {
    throw new TypeError('Cannot collocate: collocatedWith takes the id of a function, a non-empty string');
  }
  refuseWrongName(functionId, 'Cannot collocate', 'the id');
  return Object.freeze({ collocatedWith: functionId });
}

/** For `node`: on the node that drives the run, whichever that is. */
export function onDriver(): OnDriver {
  return Object.freeze({ onDriver: true });
}

/**
 * How a function is to be run; all of it optional, and checked by `validate`. An inline function runs inside its consumer's attempt, so the
 * consumer's options hold: its own are checked, and otherwise without effect.
 */
export interface FunctionOptions {
  /**
   * Resources held while it runs; any name, fractions exact. Default: `{}` in the loop; in threads and processes `{ cpu: 1 }` if any member
   * has 1 cpu when the run starts, else nothing: where all have less (`{}`, `{ gpu: 1 }`, `{ cpu: 0.5 }`), threads alone bound how many
   * run.
   */
  readonly cost?: Readonly<Record<string, number>>;
  /** A node's name, `onDriver()` or `collocatedWith(id)`. Default: any node. */
  readonly node?: string | CollocatedWith | OnDriver;
  /** A whole number from 0: restarts after a failure. Default: the run's. */
  readonly maxRetries?: number;
  /** How long it rests before it is tried again. */
  readonly retry?: RetryOptions;
  /** One attempt's limit, more than 0. Default: none. */
  readonly timeoutMs?: number;
  /** Default: the node's `isolation`, `'thread'`, for references, `'loop'` for plain functions, which know no other. */
  readonly isolation?: Isolation;
  /** The higher, the sooner. Default 0. */
  readonly priority?: number;
  /** How long it is expected to take. Default: learnt. */
  readonly estimateMs?: number;
}

/** A function as the DAG holds it: frozen, its defaults filled in but for those that depend on the run. */
export interface FunctionSpec extends FunctionOptions {
  /** Unique in the DAG. */
  readonly id: string;
  /** What is called: a function of a module, or a plain function, which stays in its process. */
  readonly code: AnyFunction | FunctionRef | UntypedFunctionRef;
  /** Whose results are passed first. */
  readonly args: readonly (string | Arg<string, never, unknown>)[];
  /** Constants passed after them. */
  readonly extraArgs: readonly unknown[];
  /** Whether results are passed one each, or all as one array in first place. Default `'variadic'`. */
  readonly argumentInclusion: 'variadic' | 'as-list';
  /** `'inline'`: evaluated within each consumer's attempt, absent from the results. Default `'regular'`. */
  readonly type: 'regular' | 'inline';
}

/** The options, in the order in which copies, JSON and faults list them. */
export const OPTION_FIELDS = ['cost', 'node', 'maxRetries', 'retry', 'timeoutMs', 'isolation', 'priority', 'estimateMs'] as const;
const FIELDS: ReadonlySet<string> = new Set(['id', 'code', 'args', 'extraArgs', 'argumentInclusion', 'type', ...OPTION_FIELDS]);
const NONE: readonly never[] = Object.freeze([]);

type Loose = { readonly [F in keyof FunctionSpec]?: unknown };

/**
 * A frozen copy of a function's specification, so that changing the given object later changes no DAG; the values in `extraArgs` stay the
 * caller's. Throws `TypeError` for a wrong id, code or args and for an unknown field, naming function and field. All else is copied as it
 * is, right or wrong: `validate` judges it.
 */
export function specOf(given: unknown): FunctionSpec {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError('Cannot add a function: its specification is not an object');
  }
  const loose = given as Loose;
  const { id } = loose;
  refuseWrongName(id, 'Cannot add a function', 'its id');
  for (const key of Object.keys(given)) if (!FIELDS.has(key)) throw new TypeError(`${intentOf(id)}: unknown field ${JSON.stringify(key)}`);
  const spec: { -readonly [F in keyof FunctionSpec]: FunctionSpec[F] } = {
    id,
    code: codeOf(id, loose.code),
    args: argsOf(id, loose.args),
    extraArgs: extraArgsOf(loose.extraArgs),
    argumentInclusion: (loose.argumentInclusion === undefined ? 'variadic' : loose.argumentInclusion) as FunctionSpec['argumentInclusion'],
    type: (loose.type === undefined ? 'regular' : loose.type) as FunctionSpec['type'],
  };
  for (const field of OPTION_FIELDS) {
    const value = loose[field];
    if (value !== undefined) Object.assign(spec, { [field]: frozenCopy(value) });
  }
  refuseWrongNames(spec);
  return Object.freeze(spec);
}

/** Names that go to other nodes; whether they are such as there are is for `validate` and the run to say. */
function refuseWrongNames({ id, node, cost }: Loose & { readonly id: string }): void {
  if (typeof node === 'string' && node !== '') refuseWrongName(node, intentOf(id), 'node');
  if (typeof cost !== 'object' || cost === null) return;
  for (const name of Object.keys(cost))
    if (name !== '') refuseWrongName(name, intentOf(id), `the resource ${JSON.stringify(name)} of cost`);
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
  // Counted, as a hole must be seen as what it is.
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

function extraArgsOf(extraArgs: unknown): readonly unknown[] {
  if (extraArgs === undefined) return NONE;
  if (!Array.isArray(extraArgs)) return extraArgs as readonly unknown[];
  // slice keeps holes: toJSON and the values' own check refuse them with the path.
  return extraArgs.length === 0 ? NONE : Object.freeze(extraArgs.slice());
}

/** Plain objects only: anything else is no valid option, and is left for `validate` to name. */
function frozenCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.freeze({ ...value }) : value;
}
