import type { DagFault, StepwiseWork } from '../../base/index.js';
import type { CodeRef } from '../build/function-ref.js';
import { type FunctionSpec, OPTION_FIELDS } from '../build/function-spec.js';
import { FLAGS, Graph, GraphSnapshot } from '../graph/graph.js';
import { areRunAlike } from '../plan/dag-record.js';
import { findFaults, invalidDag } from '../plan/faults.js';
import { type DagSnapshot, isDag, isSnapshot, snapshotOf } from '../plan/plan.js';

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
 * function, or with every fault if options are wrong: those may be what cannot be packed.
 */
export function dagDataOf(dag: unknown): DagData {
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
  for (let from = 0; from < graph.size; from += FUNCTIONS_IN_PART) {
    plain.push(chunkOf(specs.slice(from, Math.min(graph.size, from + FUNCTIONS_IN_PART)), extraOf));
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

function chunkOf(specs: readonly FunctionSpec[], extraOf: (values: readonly unknown[]) => ExtraData): FunctionChunk {
  let rest: Partial<FunctionSpec> | undefined;
  return {
    ids: specs.map(({ id }) => id),
    codes: specs.map(({ code }) => code as CodeRef),
    args: specs.map(({ args }) => (args.every((arg) => typeof arg === 'string') ? args : args.map((arg) => argData(arg, extraOf)))),
    extra: specs.map(({ extraArgs }) => extraOf(extraArgs)),
    rest: specs.map((spec, at) => {
      // The same object is packed once.
      if (at === 0 || !areAlike(spec, specs[at - 1]!)) rest = restOf(spec);
      return rest;
    }),
  };
}

function argData(arg: FunctionSpec['args'][number], extraOf: (values: readonly unknown[]) => ExtraData): string | ArgData {
  if (typeof arg === 'string') return arg;
  const { id, serialize, deserialize, extra } = arg;
  return {
    id,
    ...(serialize && { serialize: serialize as CodeRef }),
    ...(deserialize && { deserialize: deserialize as CodeRef }),
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
  /** The constants that hold objects. The snapshot has lists of the same length in their place. */
  readonly constants: readonly ReadConstants[];
}

/**
 * Makes a DAG of its parts again, in steps. `openPart` opens one; `refOf` returns the same object for the same reference, so that loaded
 * code is found again. Throws `TypeError` for what is no DAG.
 */
export function* readDagData(openPart: (part: number) => unknown, refOf: RefOf): StepwiseWork<ReadDag> {
  const head = openPart(0) as Partial<DagHead> | undefined;
  if (head?.format !== FORMAT) throw new TypeError('it is no DAG that this version knows');
  const { id, inputs, chunks } = head as DagHead;
  const graph = new Graph();
  const constants: ReadConstants[] = [];
  for (const input of inputs) graph.addInput(input);
  for (let part = 1; part <= chunks; part += 1) {
    if (part > 1) yield;
    const chunk = openPart(part) as FunctionChunk;
    const valuesOf = (functionId: string, extra: ExtraData): readonly unknown[] => {
      if (!('part' in extra)) return extra.length === 0 ? NONE : Object.freeze(extra);
      const { part: held, length } = extra;
      const values = Object.freeze(new Array<undefined>(length).fill(undefined));
      constants.push({ functionId, values, part: held });
      return values;
    };
    for (let place = 0; place < chunk.ids.length; place += 1) graph.addFunction(specOfData(chunk, place, refOf, valuesOf));
  }
  return { snapshot: { dagId: id, graph: new GraphSnapshot(graph) }, constants };
}

const NONE: readonly never[] = Object.freeze([]);

/** Returns the same object for the same reference. */
type RefOf = (module: string, name: string) => CodeRef;

type ValuesOf = (functionId: string, extra: ExtraData) => readonly unknown[];

function specOfData({ ids, codes, args, extra, rest }: FunctionChunk, place: number, refOf: RefOf, valuesOf: ValuesOf): FunctionSpec {
  const id = ids[place]!;
  const { module, name } = codes[place]!;
  const own = args[place]!;
  const others = rest[place];
  if (others) for (const value of Object.values(others)) Object.freeze(value);
  return Object.freeze({
    id,
    code: refOf(module, name),
    args: own.length === 0 ? NONE : Object.freeze(own.map((arg) => (typeof arg === 'string' ? arg : argOfData(arg, refOf, valuesOf)))),
    extraArgs: valuesOf(id, extra[place]!),
    argumentInclusion: 'variadic',
    type: 'regular',
    ...others,
  } satisfies FunctionSpec);
}

/** The constants of an edge are named by its producer. */
function argOfData({ id, serialize, deserialize, extra }: ArgData, refOf: RefOf, valuesOf: ValuesOf): FunctionSpec['args'][number] {
  return Object.freeze({
    id,
    ...(serialize && { serialize: refOf(serialize.module, serialize.name) }),
    ...(deserialize && { deserialize: refOf(deserialize.module, deserialize.name) }),
    extra: valuesOf(id, extra),
  });
}
