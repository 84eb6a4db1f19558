import { closuresOf } from './closures.js';
import { type Placement, placementOf } from './collocation.js';
import { type Lists, topologicalOrder, transposed } from './csr.js';
import type { FunctionSpec, Isolation } from './function-spec.js';
import { evaluatedInlines } from './inlines.js';
import { isFaultless } from './option-faults.js';
import type { Snapshot } from './snapshot.js';

/**
 * The arrays of a plan. Functions are numbered: the regular ones from 0, the inline ones from `size` on, each kind in the order of adding;
 * input k is -(k+1).
 */
export interface Layout {
  /** How many regular functions. */
  readonly size: number;
  /** All functions by number. */
  readonly functions: readonly FunctionSpec[];
  /** The regular ones. */
  readonly specs: readonly FunctionSpec[];
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly inputs: readonly string[];
  /** The arguments of every function by number, inline ones included, in order, duplicates included. */
  readonly args: Lists;
  /** The inline functions that a regular one evaluates, producers first; `undefined` where the DAG has none. */
  readonly evaluated: Lists | undefined;
  readonly producers: Lists;
  readonly dependents: Lists;
  readonly needsCount: Int32Array;
  readonly topological: Int32Array;
  readonly sinks: Int32Array;
  readonly isolation: readonly Isolation[];
  readonly placement: Placement;
  readonly closure: Uint8Array;
  readonly inputUsed: Uint8Array;
  /** 1: needs inline functions or (de)serializers. `undefined` where no function does. */
  readonly complex: Uint8Array | undefined;
}

/**
 * Lays a DAG out, or gives `undefined` where it has a fault, without saying which: the hot path of every `execute`. Linear in functions
 * and arguments and, for inline functions, in how often they will be evaluated.
 */
export function layOut(snapshot: Snapshot): Layout | undefined {
  for (const spec of snapshot.functions) if (!isFaultless(spec)) return undefined;
  const numbered = numberFunctions(snapshot);
  if (numbered === undefined) return undefined;
  const { size, functions, specs, ids, indexOf, args, hasTransforms } = numbered;
  const hasInlines = functions.length > size;

  const orderOfAll = hasInlines ? topologicalOrder(transposed(args, functions.length)) : undefined;
  if (hasInlines && orderOfAll === undefined) return undefined;
  const evaluated = hasInlines ? evaluatedInlines(args, size) : undefined;
  const inputUsed = new Uint8Array(snapshot.inputs.length);
  const { producers, isAscending } = distinctProducers(args, size, evaluated, inputUsed);
  const dependents = transposed(producers, size);
  // Most DAGs are added producers first; then the order of adding will do.
  const topological = orderOfAll?.filter((number) => number < size) ?? (isAscending ? ascending(size) : topologicalOrder(dependents));
  if (topological === undefined) return undefined;

  const complex = hasInlines || hasTransforms ? complexOf(numbered) : undefined;
  const closure = closuresOf(functions, size, args, evaluated, complex);
  const placement = placementOf(specs, indexOf, closure);
  if (placement === undefined) return undefined;
  return {
    size,
    functions,
    specs,
    ids,
    indexOf,
    inputs: snapshot.inputs,
    args,
    evaluated,
    producers,
    dependents,
    needsCount: lengthsOf(producers),
    topological,
    sinks: emptyOnes(dependents),
    isolation: specs.map(isolationOf),
    placement,
    closure,
    inputUsed,
    complex,
  };
}

const isolationOf = (spec: FunctionSpec): Isolation => spec.isolation ?? (typeof spec.code === 'function' ? 'loop' : 'thread');

interface Numbered {
  readonly size: number;
  readonly functions: readonly FunctionSpec[];
  readonly specs: readonly FunctionSpec[];
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly args: Lists;
  readonly hasTransforms: boolean;
}

/** Ids to numbers; `undefined` where an argument names nothing. */
function numberFunctions(snapshot: Snapshot): Numbered | undefined {
  let size = 0;
  let argCount = 0;
  for (const spec of snapshot.functions) {
    if (spec.type === 'regular') size++;
    argCount += spec.args.length;
  }
  const hasInlines = size < snapshot.functions.length;
  const specs = hasInlines ? snapshot.functions.filter((spec) => spec.type === 'regular') : snapshot.functions;
  const functions = hasInlines ? [...specs, ...snapshot.functions.filter((spec) => spec.type === 'inline')] : specs;

  const ids: string[] = new Array(size);
  const indexOf = new Map<string, number>();
  for (let i = 0; i < size; i++) {
    const { id } = specs[i]!;
    ids[i] = id;
    indexOf.set(id, i);
  }
  const others = new Map<string, number>();
  for (let i = size; i < functions.length; i++) others.set(functions[i]!.id, i);
  for (let k = 0; k < snapshot.inputs.length; k++) others.set(snapshot.inputs[k]!, -(k + 1));

  const start = new Int32Array(functions.length + 1);
  const items = new Int32Array(argCount);
  let hasTransforms = false;
  let next = 0;
  for (let i = 0; i < functions.length; i++) {
    const given = functions[i]!.args;
    for (let k = 0; k < given.length; k++) {
      const arg = given[k]!;
      let id: string;
      if (typeof arg === 'string') id = arg;
      else {
        id = arg.id;
        hasTransforms ||= arg.serialize !== undefined || arg.deserialize !== undefined;
      }
      const producer = indexOf.get(id) ?? others.get(id);
      if (producer === undefined) return undefined;
      items[next++] = producer;
    }
    start[i + 1] = next;
  }
  return { size, functions, specs, ids, indexOf, args: { start, items }, hasTransforms };
}

/** What each regular function waits for, each once, directly or through the inline functions it evaluates; marks the inputs used so. */
function distinctProducers(
  args: Lists,
  size: number,
  evaluated: Lists | undefined,
  inputUsed: Uint8Array,
): { producers: Lists; isAscending: boolean } {
  const seenBy = new Int32Array(size).fill(-1);
  const start = new Int32Array(size + 1);
  // Without inline functions the arguments bound the number of producers, and no array needs to grow.
  const items: number[] | Int32Array = evaluated === undefined ? new Int32Array(args.items.length) : [];
  let isAscending = true;
  let next = 0;
  const take = (consumer: number, number: number): void => {
    const end = args.start[number + 1]!;
    for (let k = args.start[number]!; k < end; k++) {
      const producer = args.items[k]!;
      if (producer < 0) inputUsed[-producer - 1] = 1;
      else if (producer < size && seenBy[producer] !== consumer) {
        seenBy[producer] = consumer;
        items[next++] = producer;
        if (producer >= consumer) isAscending = false;
      }
    }
  };
  for (let consumer = 0; consumer < size; consumer++) {
    take(consumer, consumer);
    if (evaluated !== undefined) {
      for (let k = evaluated.start[consumer]!; k < evaluated.start[consumer + 1]!; k++) take(consumer, evaluated.items[k]!);
    }
    start[consumer + 1] = next;
  }
  const exact = items instanceof Int32Array ? (next === items.length ? items : items.slice(0, next)) : Int32Array.from(items);
  return { producers: { start, items: exact }, isAscending };
}

function complexOf({ size, specs, args }: Numbered): Uint8Array {
  const complex = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    for (let k = args.start[i]!; k < args.start[i + 1]!; k++) {
      const given = specs[i]!.args[k - args.start[i]!]!;
      const transforms = typeof given !== 'string' && (given.serialize !== undefined || given.deserialize !== undefined);
      if (transforms || args.items[k]! >= size) complex[i] = 1;
    }
  }
  return complex;
}

function ascending(size: number): Int32Array {
  const order = new Int32Array(size);
  for (let i = 0; i < size; i++) order[i] = i;
  return order;
}

function lengthsOf({ start }: Lists): Int32Array {
  const lengths = new Int32Array(start.length - 1);
  for (let i = 0; i < lengths.length; i++) lengths[i] = start[i + 1]! - start[i]!;
  return lengths;
}

function emptyOnes({ start }: Lists): Int32Array {
  const empty: number[] = [];
  for (let i = 0; i + 1 < start.length; i++) if (start[i] === start[i + 1]) empty.push(i);
  return Int32Array.from(empty);
}
