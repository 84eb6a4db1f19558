import { type DagFault, refuseWrongName, type StepwiseWork } from '../../base/index.js';
import { argOf } from '../build/edge.js';
import type { CodeRef } from '../build/function-ref.js';
import { type FunctionSpec, heldSpecOf, OPTION_FIELDS } from '../build/function-spec.js';
import { FLAGS, Graph, GraphSnapshot } from '../graph/graph.js';
import { findFaults, invalidDag } from '../plan/faults.js';
import { type DagSnapshot, isDag, isSnapshot, snapshotOf } from '../plan/plan.js';
import { areRunAlike } from '../plan/record/dag-record.js';

/** The first part of a DAG as data. */
interface DagHead {
  readonly format: typeof FORMAT;
  readonly id: string;
  readonly inputs: readonly string[];
  /** How many parts of functions follow. Those of constants come after them. */
  readonly chunks: number;
}

/** A part of the functions of a DAG, by place. */
interface FunctionChunk {
  readonly ids: readonly string[];
  readonly codes: readonly CodeRef[];
  readonly args: readonly (readonly (string | ArgData)[])[];
  readonly extra: readonly ExtraData[];
  /** The other fields that are not the default. */
  readonly rest: readonly (Partial<FunctionSpec> | undefined)[];
}

/** An edge with its own serialization. */
interface ArgData {
  readonly id: string;
  readonly serialize?: CodeRef;
  readonly deserialize?: CodeRef;
  readonly extra: ExtraData;
}

/** Constants: themselves if all are plain primitives, else which part holds them, and how many there are. */
type ExtraData = readonly unknown[] | { readonly part: number; readonly length: number };

/** Rises when the form changes. */
const FORMAT = 1;

/** How many functions there are in one part: they are read within one step. */
const FUNCTIONS_IN_PART = 512;

/**
 * Turns a DAG into parts that can be packed one by one: its head, its functions, then each list of constants that holds objects. Constants
 * of two functions share no object any more. Throws `TypeError` if it is no DAG, and `HANDOFF_INVALID_DAG` with a fault for each plain
 * function, or with every fault if options are wrong: those may be what cannot be packed. `nameOf` gives a module the name that it has
 * everywhere.
 */
export function dagDataOf(dag: unknown, nameOf: (module: string) => string): DagData {
  const { dagId, graph } = expandedSnapshot(dag);
  const specs = graph.graph.specs;
  const faults = specs.flatMap(plainFunctions);
  if ((graph.allFlags & FLAGS.faulty) !== 0) faults.push(...findFaults(graph));
  if (faults.length > 0) throw invalidDag(dagId, faults);
  const chunks = Math.ceil(graph.size / FUNCTIONS_IN_PART);
  const constants: (readonly unknown[])[] = [];
  const extraOf = (values: readonly unknown[]): ExtraData => {
    if (arePlain(values)) return values;
    return { part: chunks + constants.push(values), length: values.length };
  };
  const head: DagHead = { format: FORMAT, id: dagId, inputs: graph.inputs, chunks };
  const plain: object[] = [head];
  const named = namerOf(nameOf);
  for (let from = 0; from < graph.size; from += FUNCTIONS_IN_PART) {
    plain.push(chunkOf(specs.slice(from, Math.min(graph.size, from + FUNCTIONS_IN_PART)), extraOf, named));
  }
  return { plain, constants };
}

/** The parts of a DAG as data, in this order. */
export interface DagData {
  /** Plain objects, texts and numbers: packing cannot fail, or change them. */
  readonly plain: readonly object[];
  /** Constants as they were given: they may be no values. */
  readonly constants: readonly (readonly unknown[])[];
}

/** Returns the snapshot of what an expansion returned. Throws `TypeError` if that is no DAG. */
export function expandedSnapshot(dag: unknown): DagSnapshot {
  if (isSnapshot(dag)) return dag;
  if (!isDag(dag)) throw new TypeError('what it returned is not a Dag');
  return snapshotOf(dag);
}

/** Whether constants need no part of their own. */
function arePlain(values: readonly unknown[]): boolean {
  // An index loop sees holes, which are no values.
  for (let k = 0; k < values.length; k += 1) {
    const value = values[k];
    if (value !== null && typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false;
  }
  return true;
}

type Namer = (code: FunctionSpec['code']) => CodeRef;

/** The same reference gets the same object: it is packed once. */
function namerOf(nameOf: (module: string) => string): Namer {
  let last: unknown;
  let named: CodeRef | undefined;
  return (code) => {
    if (code === last) return named!;
    const { module, name } = code as CodeRef;
    last = code;
    named = { module: nameOf(module), name };
    return named;
  };
}

function chunkOf(specs: readonly FunctionSpec[], extraOf: (values: readonly unknown[]) => ExtraData, named: Namer): FunctionChunk {
  let rest: Partial<FunctionSpec> | undefined;
  return {
    ids: specs.map(({ id }) => id),
    codes: specs.map(({ code }) => named(code)),
    args: specs.map(({ args }) => (args.every((arg) => typeof arg === 'string') ? args : args.map((arg) => argData(arg, extraOf, named)))),
    extra: specs.map(({ extraArgs }) => extraOf(extraArgs)),
    rest: specs.map((spec, at) => {
      // The same object is packed once.
      if (at === 0 || !areAlike(spec, specs[at - 1]!)) rest = restOf(spec);
      return rest;
    }),
  };
}

function argData(arg: FunctionSpec['args'][number], extraOf: (values: readonly unknown[]) => ExtraData, named: Namer): string | ArgData {
  if (typeof arg === 'string') return arg;
  const { id, serialize, deserialize, extra } = arg;
  return {
    id,
    ...(serialize && { serialize: named(serialize) }),
    ...(deserialize && { deserialize: named(deserialize) }),
    extra: extraOf(extra),
  };
}

/** The fields beside id, code, arguments and constants, with their defaults. */
const REST: readonly (readonly [field: keyof FunctionSpec, byDefault: unknown])[] = [
  ['argumentInclusion', 'variadic'],
  ['type', 'regular'],
  ...(['over', 'concurrency', 'when', 'optional', ...OPTION_FIELDS] as const).map((field) => [field, undefined] as const),
];

/** Returns the fields of a function that are not the default; `undefined` if there are none. */
function restOf(spec: FunctionSpec): Partial<FunctionSpec> | undefined {
  let rest: Record<string, unknown> | undefined;
  for (const [field, byDefault] of REST) {
    if (spec[field] === byDefault) continue;
    rest ??= {};
    rest[field] = spec[field];
  }
  return rest;
}

/** Whether a function has the same other fields as the one before it. Written out: a loop over names looks each of them up. */
const areAlike = (one: FunctionSpec, other: FunctionSpec): boolean =>
  one.argumentInclusion === other.argumentInclusion &&
  one.type === other.type &&
  one.over === other.over &&
  one.when === other.when &&
  one.version === other.version &&
  areRunAlike(one, other);

/** Plain functions cannot leave the place where the DAG was made. */
function plainFunctions(spec: FunctionSpec): DagFault[] {
  const fields = typeof spec.code === 'function' ? ['code'] : [];
  for (const [k, arg] of spec.args.entries()) {
    if (typeof arg === 'string') continue;
    for (const field of ['serialize', 'deserialize'] as const) if (typeof arg[field] === 'function') fields.push(`args[${k}].${field}`);
  }
  return fields.map((field) => {
    const why = `${field} is a plain function, and the DAG was made by a reference: it needs a reference too (functionsIn)`;
    return { kind: 'invalid-option', functionId: spec.id, field, message: `Cannot run function ${JSON.stringify(spec.id)}: ${why}` };
  });
}

/** Constants of a DAG that was read: the list in the specification stands for those in a part. */
export interface ReadConstants {
  readonly functionId: string;
  readonly values: readonly unknown[];
  readonly part: number;
}

/** A DAG that was read. */
export interface ReadDag {
  readonly snapshot: DagSnapshot;
  /** The constants that hold objects. The snapshot has a list of one value in the place of each. */
  readonly constants: readonly ReadConstants[];
}

/**
 * Makes a DAG of its parts again, in steps. `openPart` opens one; `refOf` returns the same object for the same reference, so that loaded
 * code is found again. The parts may come from any node: throws `TypeError` for what is no DAG, with what `add` says of a wrong function,
 * and `RangeError` for one with more than `most` functions.
 */
export function* readDagData(openPart: (part: number) => unknown, refOf: RefOf, most = Number.POSITIVE_INFINITY): StepwiseWork<ReadDag> {
  const { id, inputs, chunks } = headOf(openPart(0));
  const graph = new Graph();
  const constants: ReadConstants[] = [];
  const specs = new SpecReader(refOf);
  const refuseTaken = (taken: string): void => {
    if (graph.find(taken) !== 0) throw new TypeError(`it is no DAG: id ${JSON.stringify(taken)} is taken twice`);
  };
  const kept = (functionId: string, values: readonly unknown[], extra: unknown): void => {
    if (!Array.isArray(extra)) constants.push({ functionId, values, part: partOf(extra, chunks) });
  };
  for (const input of inputs) {
    refuseWrongName(input, 'Cannot add an input', 'its id');
    refuseTaken(input);
    graph.addInput(input);
  }
  for (let part = 1; part <= chunks; part += 1) {
    if (part > 1) yield;
    const chunk = chunkIn(openPart(part));
    for (let place = 0; place < chunk.ids.length; place += 1) {
      const spec = specs.read(chunk, place);
      refuseTaken(spec.id);
      graph.addFunction(spec);
      for (let k = 0; k < spec.args.length; k += 1) {
        const arg = spec.args[k]!;
        if (typeof arg !== 'string') kept(arg.id, arg.extra, (chunk.args[place]![k] as ArgData).extra);
      }
      kept(spec.id, spec.extraArgs, chunk.extra[place]);
    }
    const size = graph.specs.length - graph.inlineCount;
    if (size > most) throw new RangeError(`it would add ${size} functions or more, and the run may have ${most}`);
  }
  return { snapshot: { dagId: id, graph: new GraphSnapshot(graph) }, constants };
}

function headOf(given: unknown): DagHead {
  const { format, id, inputs, chunks } = fieldsOf(given);
  if (format !== FORMAT) throw new TypeError('it is no DAG that this version knows');
  const isHead = typeof id === 'string' && Array.isArray(inputs) && Number.isSafeInteger(chunks) && (chunks as number) >= 0;
  if (!isHead) throw new TypeError('it is no DAG: its head is wrong');
  return given as DagHead;
}

function chunkIn(given: unknown): FunctionChunk {
  const { ids, codes, args, extra, rest } = fieldsOf(given);
  const columns = [ids, codes, args, extra, rest];
  const isChunk = columns.every((column) => Array.isArray(column) && column.length === (ids as unknown[]).length);
  if (!isChunk || (ids as unknown[]).length > FUNCTIONS_IN_PART) throw new TypeError('it is no DAG: a part of it is wrong');
  return given as FunctionChunk;
}

/** Returns which part has constants. Those come after the functions. */
function partOf(given: unknown, chunks: number): number {
  const { part } = fieldsOf(given);
  if (!Number.isSafeInteger(part) || (part as number) <= chunks) throw new TypeError('it is no DAG: some constants are missing');
  return part as number;
}

const fieldsOf = (given: unknown): Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null ? (given as Readonly<Record<string, unknown>>) : {};

/** Makes specifications of functions as `add` would, with the same errors, where many in a row have the same code and options. */
class SpecReader {
  readonly #refOf: RefOf;
  #rest: object | undefined;
  #shared: FunctionSpec | undefined;
  /** Its options, and whatever else most functions have not. */
  #others: Partial<FunctionSpec> | undefined;
  #code: CodeRef | undefined;

  constructor(refOf: RefOf) {
    this.#refOf = refOf;
  }

  read({ ids, codes, args, extra, rest }: FunctionChunk, place: number): FunctionSpec {
    const id = ids[place]!;
    refuseWrongName(id, 'Cannot add a function', 'its id');
    this.#check(id, codes[place]!, rest[place]);
    const { argumentInclusion, type } = this.#shared!;
    // Properties that stand one by one, as copying all would take ten times as long.
    return Object.freeze({
      id,
      code: this.#code!,
      args: argsOfData(id, args[place], this.#refOf),
      extraArgs: standIn(extra[place]),
      argumentInclusion,
      type,
      ...this.#others,
    });
  }

  #check(id: string, code: CodeRef, rest: object | undefined): void {
    if (this.#shared && rest === this.#rest && isSameCode(code, this.#code!)) return;
    this.#shared = heldSpecOf({ ...rest, id, code, args: NONE, extraArgs: NONE });
    const { id: _, code: _code, args, extraArgs, argumentInclusion, type, ...others } = this.#shared;
    this.#others = others;
    this.#code = this.#refOf(code.module, code.name);
    this.#rest = rest;
  }
}

const isSameCode = (given: unknown, { module, name }: CodeRef): boolean => {
  const { module: otherModule, name: otherName } = fieldsOf(given);
  return otherModule === module && otherName === name;
};

const NONE: readonly never[] = Object.freeze([]);

/** Returns the same object for the same reference. */
type RefOf = (module: string, name: string) => CodeRef;

/** A list of another node may say that it is longer than memory is. */
function argsOfData(functionId: string, given: unknown, refOf: RefOf): FunctionSpec['args'] {
  if (!Array.isArray(given)) throw new TypeError('it is no DAG: some arguments are missing');
  if (given.length === 0) return NONE;
  const intent = `Cannot add function ${JSON.stringify(functionId)}`;
  const args: FunctionSpec['args'][number][] = [];
  for (let k = 0; k < given.length; k += 1) {
    const edge: unknown = given[k];
    if (typeof edge === 'object' && edge !== null) {
      const checked = argOf({ ...edge, extra: standIn((edge as Partial<ArgData>).extra) }, intent) as ArgData;
      args.push(edgeOf(checked, refOf));
    } else {
      refuseWrongName(edge, intent, 'an argument');
      args.push(edge);
    }
  }
  return Object.freeze(args);
}

function edgeOf({ id, serialize, deserialize, extra }: ArgData, refOf: RefOf): FunctionSpec['args'][number] {
  return Object.freeze({
    id,
    ...(serialize && { serialize: refOf(serialize.module, serialize.name) }),
    ...(deserialize && { deserialize: refOf(deserialize.module, deserialize.name) }),
    extra: extra as readonly unknown[],
  });
}

/** Returns plain constants as they are, and a list of one value for those that are in a part of their own. */
function standIn(extra: unknown): readonly unknown[] {
  if (!Array.isArray(extra)) return Object.freeze([undefined]);
  if (extra.length === 0) return NONE;
  if (!arePlain(extra)) throw new TypeError('it is no DAG: some constants are no primitives');
  return Object.freeze(extra);
}
