// Brain: pure.
import type { StepwiseWork } from '../../../base/index.js';
import type { AnyFunction, CodeRef } from '../../build/function-ref.js';
import type { FunctionSpec } from '../../build/function-spec.js';
import type { Plan } from '../plan.js';
import { recordWires, type WireRecord } from './wire-record.js';

/** How many functions are recorded in one step. */
const FUNCTIONS_IN_STEP = 500;

/**
 * A plan as plain data, in columns, for comparison with a later run. Functions have their numbers in the plan, regular ones first. It holds
 * what makes a function the same, and nothing of how it is run: no cost, node, isolation, retries, priority.
 */
export interface PlanRecord extends WireRecord {
  /** The id of the DAG itself. */
  readonly dagId: string;
  /** The number of regular functions. */
  readonly size: number;
  /** By number. */
  readonly ids: readonly string[];
  readonly inputs: readonly string[];
  /** The digest of each input; `null` for one that has no value. */
  readonly inputDigests: readonly (string | null)[];
  /**
   * The arguments by function number, in order: the number of a function, or -(k+1) for input k. Those of i are from `argsStart[i]` up to
   * `argsStart[i + 1]`.
   */
  readonly argsStart: Int32Array;
  readonly args: Int32Array;
  /** By number, 1 if the results are passed as a list. */
  readonly asList: Uint8Array;
  /** The modules, as other nodes know them, and the content of each; `null` where the driver does not have it. */
  readonly modules: readonly string[];
  readonly contents: readonly (string | null)[];
  /** All code, each once; and by function number the index of its code. */
  readonly codes: readonly CodeRecord[];
  readonly code: Int32Array;
  /** By place in `args`, 1 + the number of the edge that is there, or 0; empty if no argument has a (de)serializer. */
  readonly edgeAt: Int32Array;
  /** By edge: an index into `codes`, or -1. */
  readonly serialize: Int32Array;
  readonly deserialize: Int32Array;
  /** The constants of function i, then those of edge k: bytes from `constantsStart[i]` up to `constantsStart[i + 1]`. */
  readonly constants: Uint8Array;
  readonly constantsStart: Float64Array;
  /** By number: in which opening of the run the function became what it is. */
  readonly since: Uint32Array;
}

/**
 * The record of the code of a function or (de)serializer. A plain function is recorded by its text. A bound or native one is not recorded:
 * its text means nothing.
 */
export type CodeRecord = { readonly version?: string } & (
  | { readonly kind: 'reference'; readonly module: number; readonly name: string }
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'bound' }
);

/** Receives the constants of functions: equal bytes for equal constants. */
export interface ConstantBytes {
  /** The number of bytes. */
  readonly length: number;
  /** Adds the constants of one function. Returns the rest of the work, to be done before the next are added. */
  add(values: readonly unknown[]): StepwiseWork<undefined> | undefined;
  toBytes(): Uint8Array;
}

/** The facts that a plan does not contain. */
export interface RecordingDeps {
  /** The name of a module as other nodes know it. */
  readonly nameOf: (module: string) => string;
  /** Returns the digest of the content of a module and its local imports; `undefined` if the driver does not have it. */
  readonly contentOf: (module: string) => string | undefined;
  /** Receives the constants; a new one for each plan. */
  readonly constants: ConstantBytes;
  /** Returns the digest of an input; `undefined` for one without a value. */
  readonly inputDigest: (id: string) => string | undefined;
  /** The opening of the run in which the plan is recorded. */
  readonly epoch: number;
}

/** Records a plan, in steps. Linear; digests are taken of large constants only. Throws what `constants` throws. */
export function* recordPlan(plan: Plan, deps: RecordingDeps): StepwiseWork<PlanRecord> {
  const { functions, size, args, argsStart, inputs } = plan;
  const codes = new Codes(deps);
  const count = functions.length;
  const ids = count === size ? plan.ids : functions.map(({ id }) => id);
  const asList = new Uint8Array(count);
  const code = new Int32Array(count);
  const edges: Edge[] = [];
  const edgePlaces: number[] = [];
  const starts: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const spec = functions[number]!;
    code[number] = codes.numberOf(spec.code, spec.version);
    if (spec.argumentInclusion === 'as-list') asList[number] = 1;
    // Most functions have neither inline functions nor (de)serializers.
    const isSimple = number < size && plan.isSimple(number);
    for (let at = 0; !isSimple && at < spec.args.length; at += 1) {
      const arg = spec.args[at]!;
      if (typeof arg === 'string') continue;
      edges.push(arg);
      edgePlaces.push(argsStart[number]! + at);
    }
    starts.push(deps.constants.length);
    const work = spec.extraArgs.length > 0 ? deps.constants.add(spec.extraArgs) : undefined;
    if (work) yield* work;
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  const edgeAt = new Int32Array(edges.length > 0 ? args.length : 0);
  const serialize = new Int32Array(edges.length).fill(-1);
  const deserialize = new Int32Array(edges.length).fill(-1);
  for (const [number, edge] of edges.entries()) {
    edgeAt[edgePlaces[number]!] = number + 1;
    if (edge.serialize !== undefined) serialize[number] = codes.numberOf(edge.serialize, undefined);
    if (edge.deserialize !== undefined) deserialize[number] = codes.numberOf(edge.deserialize, undefined);
    starts.push(deps.constants.length);
    if (edge.extra.length > 0) yield* deps.constants.add(edge.extra) ?? [];
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  starts.push(deps.constants.length);
  const { wires, tests } = yield* recordWires(plan.growth);
  return {
    dagId: plan.definitionId,
    size,
    ids,
    inputs,
    inputDigests: inputs.map((id) => deps.inputDigest(id) ?? null),
    argsStart,
    args,
    asList,
    modules: codes.modules,
    contents: codes.contents,
    codes: codes.records,
    code,
    edgeAt,
    serialize,
    deserialize,
    constants: deps.constants.toBytes(),
    constantsStart: Float64Array.from(starts),
    wires,
    tests,
    since: new Uint32Array(count).fill(deps.epoch),
  };
}

/** Finds the modules whose content decides whether functions of a plan are the same: of all code without a version, each once. In steps. */
export function* modulesOf(plan: Plan): StepwiseWork<string[]> {
  const { functions, size } = plan;
  const modules = new Set<string>();
  for (let number = 0; number < functions.length; number += 1) {
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
    const spec = functions[number]!;
    if (typeof spec.code !== 'function' && spec.version === undefined) modules.add(spec.code.module);
    if (number < size && plan.isSimple(number)) continue;
    for (const arg of spec.args) {
      if (typeof arg === 'string') continue;
      for (const code of [arg.serialize, arg.deserialize]) if (code !== undefined && typeof code !== 'function') modules.add(code.module);
    }
  }
  return [...modules];
}

type Edge = Exclude<FunctionSpec['args'][number], string>;

/** The code of a plan, each once. */
class Codes {
  readonly records: CodeRecord[] = [];
  readonly modules: string[] = [];
  readonly contents: (string | null)[] = [];
  readonly #deps: RecordingDeps;
  /** References without a version, by module and name. */
  readonly #byName = new Map<string, Map<string, number>>();
  /** Plain functions without a version: many functions of a DAG may have one. */
  readonly #byFunction = new Map<AnyFunction, number>();
  readonly #byKey = new Map<string, number>();
  readonly #moduleNumbers = new Map<string, number>();
  readonly #numberOfName = new Map<string, number>();

  constructor(deps: RecordingDeps) {
    this.#deps = deps;
  }

  numberOf(code: AnyFunction | CodeRef, version: string | undefined): number {
    if (typeof code === 'function') return this.#plain(code, version);
    // By name, not by object: each function may have a reference of its own.
    const byName = this.#byName.get(code.module);
    const known = version === undefined ? byName?.get(code.name) : undefined;
    if (known !== undefined) return known;
    const module = this.#module(code.module);
    const number = this.#intern(`r ${module} ${code.name}`, version, { kind: 'reference', module, name: code.name });
    if (version !== undefined) return number;
    if (byName) byName.set(code.name, number);
    else this.#byName.set(code.module, new Map([[code.name, number]]));
    return number;
  }

  #plain(code: AnyFunction, version: string | undefined): number {
    const known = version === undefined ? this.#byFunction.get(code) : undefined;
    if (known !== undefined) return known;
    const text = textOfFunction(code);
    const number =
      text === undefined ? this.#intern('b', version, { kind: 'bound' }) : this.#intern(`p ${text}`, version, { kind: 'plain', text });
    if (version === undefined) this.#byFunction.set(code, number);
    return number;
  }

  #intern(key: string, version: string | undefined, code: CodeRecord): number {
    const whole = version === undefined ? key : `v ${JSON.stringify(version)} ${key}`;
    const known = this.#byKey.get(whole);
    if (known !== undefined) return known;
    const number = this.records.push(version === undefined ? code : { ...code, version }) - 1;
    this.#byKey.set(whole, number);
    return number;
  }

  #module(module: string): number {
    const known = this.#moduleNumbers.get(module);
    if (known !== undefined) return known;
    const name = this.#deps.nameOf(module);
    // A URL and a path may name the same module.
    const number = this.#numberOfName.get(name) ?? this.modules.push(name) - 1;
    if (number === this.contents.length) this.contents.push(this.#deps.contentOf(module) ?? null);
    this.#numberOfName.set(name, number);
    this.#moduleNumbers.set(module, number);
    return number;
  }
}

const toText = Function.prototype.toString;

/** Returns the text of a plain function, or `undefined` for one that is bound, native or a Proxy: its text does not show what it does. */
function textOfFunction(code: AnyFunction): string | undefined {
  const text = toText.call(code);
  return /\{\s*\[native code\]\s*\}$/.test(text) ? undefined : text;
}
