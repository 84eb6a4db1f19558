// Brain: pure.
import type { StepwiseWork } from '../../../base/index.js';
import { type Adjacency, topologicalOrder, transposedInSteps } from '../../graph/adjacency.js';
import type { CodeRecord, PlanRecord } from './plan-record.js';
import { keyOfTest, NO_WIRE, WireRows } from './wire-record.js';

/** What happened to a function since it was recorded: nothing, it is new, or why it differs. */
export const FUNCTION_CHANGES = ['same', 'new', 'code', 'wiring', 'constants', 'inputs', 'producer', 'asked'] as const;

const [SAME, NEW, CODE, WIRING, CONSTANTS, INPUTS, PRODUCER, ASKED] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** How many functions are compared in one step. */
const FUNCTIONS_IN_STEP = 2000;

/**
 * Compares a plan with a recorded one, column by column. Functions are matched by id, whatever their order. A function is the same if its
 * code (by version, else by content), its wiring and its constants are, and if everything that it consumes is, transitively and including
 * inputs. If an inline function changed, its consumers changed for the same reason. Linear, in steps.
 */
export function* comparePlans(recorded: PlanRecord, now: PlanRecord, reuse: Reuse): StepwiseWork<PlanComparison> {
  const recordedAs = yield* matchIds(recorded, now);
  const comparison = new Comparison(recorded, now, recordedAs, reuse);
  const changes = new Uint8Array(now.ids.length);
  const order = yield* orderOf(now);
  for (let at = 0; at < changes.length; at += 1) {
    const number = order === undefined ? at : order[at]!;
    changes[number] = reuse === 'none' && recordedAs[number]! >= 0 ? ASKED : comparison.changeOf(number, changes);
    if (at % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  let known = 0;
  for (const before of recordedAs) if (before >= 0) known += 1;
  return { recordedAs, changes, missing: recorded.ids.length - known };
}

/** How a plan differs from a recorded one. */
export interface PlanComparison {
  /** By number in the plan of now, the number in the recorded plan of the function with this id, or -1. */
  readonly recordedAs: Int32Array;
  /** By number in the plan of now, an index into `FUNCTION_CHANGES`. */
  readonly changes: Uint8Array;
  /** How many functions the recorded plan has that this one does not have. */
  readonly missing: number;
}

/**
 * How much must be equal for a recorded success to be used again: everything; everything but the content of code, so that a version still
 * counts; or nothing is used again.
 */
export type Reuse = 'same-code' | 'same-wiring' | 'none';

/**
 * Whether two plans are of the same DAG, with the same inputs. A key requires that of a second call that is to be attached to the first. A
 * bound or native function is never the same: an unchanged DAG is recognised by its plan, which is the same object.
 */
export function* isSameDag(recorded: PlanRecord, now: PlanRecord): StepwiseWork<boolean> {
  return isUnchanged(recorded, now, yield* comparePlans(recorded, now, 'same-code'));
}

/** Whether nothing was changed, added or taken away, by the comparison of two plans. */
export const isUnchanged = (recorded: PlanRecord, now: PlanRecord, { changes, missing }: PlanComparison): boolean =>
  missing === 0 && changes.every((change) => change === SAME) && haveSameInputs(recorded, now);

/** Whether the constants are the same ones, in plans with the same functions in the same order. */
export const haveSameConstants = (recorded: PlanRecord, now: PlanRecord): boolean =>
  Buffer.compare(recorded.constants, now.constants) === 0 && recorded.constantsStart.every((start, at) => start === now.constantsStart[at]);

/** Whether the inputs are the same ones, with the same values, needed or not. */
export function haveSameInputs(recorded: PlanRecord, now: PlanRecord): boolean {
  if (recorded.inputs.length !== now.inputs.length) return false;
  const digests = new Map(recorded.inputs.map((id, k) => [id, recorded.inputDigests[k]]));
  return now.inputs.every((id, k) => digests.has(id) && digests.get(id) === now.inputDigests[k]);
}

/** Returns for each function the opening of the run in which it became what it is. Unchanged functions keep the recorded number. */
export function sinceEpoch(recorded: PlanRecord, { recordedAs, changes }: PlanComparison, epoch: number): Uint32Array {
  const since = new Uint32Array(changes.length);
  for (let number = 0; number < since.length; number += 1)
    since[number] = changes[number] === SAME ? recorded.since[recordedAs[number]!]! : epoch;
  return since;
}

function* matchIds(recorded: PlanRecord, now: PlanRecord): StepwiseWork<Int32Array> {
  const matches = new Int32Array(now.ids.length).fill(-1);
  let numbers: Map<string, number> | undefined;
  for (let number = 0; number < matches.length; number += 1) {
    const id = now.ids[number]!;
    // Usually nothing has moved, and no look-up is needed.
    if (recorded.ids[number] === id) matches[number] = number;
    else {
      numbers ??= yield* numbersOf(recorded.ids);
      matches[number] = numbers.get(id) ?? -1;
    }
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  return matches;
}

function* numbersOf(ids: readonly string[]): StepwiseWork<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (let number = 0; number < ids.length; number += 1) {
    numbers.set(ids[number]!, number);
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  return numbers;
}

/** Returns an order in which producers come before consumers, or `undefined` if the numbers are in such an order. */
function* orderOf(plan: PlanRecord): StepwiseWork<Int32Array | undefined> {
  const { ids } = plan;
  const { start: argsStart, items: args } = yield* wiredArguments(plan);
  for (let number = 0; number < ids.length; number += 1) {
    for (let k = argsStart[number]!; k < argsStart[number + 1]!; k += 1) {
      if (args[k]! >= number) return yield* topologicalOrder(yield* transposedInSteps({ start: argsStart, items: args }, ids.length));
    }
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  return undefined;
}

/** Returns the arguments with what maps go over and conditions look at, in steps. */
function* wiredArguments(plan: PlanRecord): StepwiseWork<Adjacency> {
  const { argsStart, args, ids } = plan;
  const rows = new WireRows(plan);
  if (rows.count === 0) return { start: argsStart, items: args };
  const start = new Int32Array(ids.length + 1);
  const items: number[] = [];
  for (let number = 0; number < ids.length; number += 1) {
    for (let k = argsStart[number]!; k < argsStart[number + 1]!; k += 1) items.push(args[k]!);
    const { over, on } = rows.of(number);
    for (const wire of [over, on]) if (wire !== NO_WIRE) items.push(wire);
    start[number + 1] = items.length;
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  return { start, items: Int32Array.from(items) };
}

class Comparison {
  readonly #recorded: PlanRecord;
  readonly #now: PlanRecord;
  readonly #recordedAs: Int32Array;
  /** By input of now, as an argument of the recorded plan; 0 if it had none of that id. */
  readonly #inputs: Int32Array;
  readonly #sameInput: Uint8Array;
  /** The classes of equal code, by number of the recorded plan's and of this one's; -1: it equals nothing. */
  readonly #recordedClass: Int32Array;
  readonly #class: Int32Array;
  readonly #recordedRows: WireRows;
  readonly #rows: WireRows;
  readonly #hasRows: boolean;

  constructor(recorded: PlanRecord, now: PlanRecord, recordedAs: Int32Array, reuse: Reuse) {
    this.#recorded = recorded;
    this.#now = now;
    this.#recordedAs = recordedAs;
    const before = new Map(recorded.inputs.map((id, k) => [id, k]));
    this.#inputs = Int32Array.from(now.inputs, (id) => -1 - (before.get(id) ?? -1));
    this.#sameInput = Uint8Array.from(now.inputs, (id, k) =>
      recorded.inputDigests[before.get(id) ?? -1] === now.inputDigests[k] && now.inputDigests[k] !== null ? 1 : 0,
    );
    const classes = new Map<string, number>();
    this.#recordedClass = classesOf(recorded, now, reuse, classes);
    this.#class = classesOf(now, recorded, reuse, classes);
    this.#recordedRows = new WireRows(recorded);
    this.#rows = new WireRows(now);
    this.#hasRows = this.#recordedRows.count > 0 || this.#rows.count > 0;
  }

  /** An index into `FUNCTION_CHANGES`; `changes` has those of all that the function consumes. */
  changeOf(number: number, changes: Uint8Array): number {
    const before = this.#recordedAs[number]!;
    if (before < 0) return NEW;
    const { argsStart, args } = this.#now;
    const change = this.#own(number, before);
    if (change !== SAME) return change;
    let found = SAME as number;
    for (let k = argsStart[number]!; k < argsStart[number + 1]!; k += 1) found = weightier(found, this.#ofProducer(args[k]!, changes));
    if (!this.#hasRows) return found;
    const { over, on } = this.#rows.of(number);
    for (const wire of [over, on]) if (wire !== NO_WIRE) found = weightier(found, this.#ofProducer(wire, changes));
    return found;
  }

  /** The change of a function that it owes to what it consumes. */
  #ofProducer(producer: number, changes: Uint8Array): number {
    if (producer < 0) return this.#sameInput[-producer - 1] === 0 ? INPUTS : SAME;
    // An inline function runs within its consumer.
    return changes[producer] === SAME || producer >= this.#now.size ? changes[producer]! : PRODUCER;
  }

  #own(number: number, before: number): number {
    const now = this.#now;
    const recorded = this.#recorded;
    if (!this.#isSameCode(recorded.code[before]!, now.code[number]!)) return CODE;
    if (now.asList[number] !== recorded.asList[before] || number < now.size !== before < recorded.size) return WIRING;
    if (this.#hasRows && !this.#isSameRow(number, before)) return WIRING;
    const start = now.argsStart[number]!;
    const startBefore = recorded.argsStart[before]!;
    const length = now.argsStart[number + 1]! - start;
    if (recorded.argsStart[before + 1]! - startBefore !== length) return WIRING;
    let change = SAME as number;
    for (let k = 0; k < length; k += 1) {
      if (!this.#isSameProducer(now.args[start + k]!, recorded.args[startBefore + k]!)) return WIRING;
      const reason = this.#edge(recorded.edgeAt[startBefore + k] ?? 0, now.edgeAt[start + k] ?? 0);
      if (reason !== SAME && (change === SAME || reason < change)) change = reason;
    }
    return change === SAME && !this.#hasSameConstants(before, number) ? CONSTANTS : change;
  }

  #isSameProducer(producer: number, recorded: number): boolean {
    const before = producer < 0 ? this.#inputs[-producer - 1]! : this.#recordedAs[producer]!;
    // A new function would look like an input, and a new input like a function.
    return recorded === before && producer < 0 === before < 0;
  }

  /** Whether it is of the same type, goes over the same array, and has the same condition. */
  #isSameRow(number: number, before: number): boolean {
    const now = this.#rows.of(number);
    const recorded = this.#recordedRows.of(before);
    const isSameWire = (one: number, other: number): boolean =>
      one === NO_WIRE || other === NO_WIRE ? one === other : this.#isSameProducer(one, other);
    return (
      now.type === recorded.type &&
      isSameWire(now.over, recorded.over) &&
      isSameWire(now.on, recorded.on) &&
      keyOfTest(now.test) === keyOfTest(recorded.test)
    );
  }

  #edge(before: number, edge: number): number {
    if (before === 0 && edge === 0) return SAME;
    if (before === 0 || edge === 0) return WIRING;
    const recorded = this.#recorded;
    const now = this.#now;
    for (const [codeBefore, code] of [
      [recorded.serialize[before - 1]!, now.serialize[edge - 1]!],
      [recorded.deserialize[before - 1]!, now.deserialize[edge - 1]!],
    ] as const) {
      if (codeBefore < 0 && code < 0) continue;
      if (codeBefore < 0 || code < 0) return WIRING;
      if (!this.#isSameCode(codeBefore, code)) return CODE;
    }
    return this.#hasSameConstants(recorded.ids.length + before - 1, now.ids.length + edge - 1) ? SAME : CONSTANTS;
  }

  #isSameCode(before: number, code: number): boolean {
    const found = this.#class[code]!;
    return found >= 0 && found === this.#recordedClass[before];
  }

  #hasSameConstants(before: number, number: number): boolean {
    const { constants, constantsStart } = this.#now;
    const recorded = this.#recorded;
    const start = constantsStart[number]!;
    const startBefore = recorded.constantsStart[before]!;
    const length = constantsStart[number + 1]! - start;
    if (recorded.constantsStart[before + 1]! - startBefore !== length) return false;
    for (let k = 0; k < length; k += 1) if (constants[start + k] !== recorded.constants[startBefore + k]) return false;
    return true;
  }
}

/** Returns the reason that counts of two. */
const weightier = (found: number, reason: number): number => (reason !== SAME && (found === SAME || reason < found) ? reason : found);

/** Numbers the code of a plan by the parts that must be equal. */
function classesOf(plan: PlanRecord, other: PlanRecord, reuse: Reuse, classes: Map<string, number>): Int32Array {
  const contents = new Map(other.modules.map((module, k) => [module, other.contents[k]]));
  const contentOf = (module: number): string | null => {
    // If one of the two drivers does not have the module, only its name is compared.
    const isKnown = reuse === 'same-code' && (contents.get(plan.modules[module]!) ?? null) !== null;
    return isKnown ? plan.contents[module]! : null;
  };
  return Int32Array.from(plan.codes, (code) => {
    const key = keyOf(code, plan.modules, contentOf, reuse);
    if (key === undefined) return -1;
    const known = classes.get(key) ?? classes.size;
    classes.set(key, known);
    return known;
  });
}

function keyOf(
  code: CodeRecord,
  modules: readonly string[],
  contentOf: (module: number) => string | null,
  reuse: Reuse,
): string | undefined {
  const { kind, version } = code;
  if (kind === 'reference') {
    const stands = version === undefined ? ['content', contentOf(code.module)] : ['version', version];
    return JSON.stringify([kind, modules[code.module], code.name, ...stands]);
  }
  if (version !== undefined) return JSON.stringify(['plain', 'version', version]);
  if (kind === 'bound') return undefined;
  return reuse === 'same-code' ? `plain ${code.text}` : 'plain';
}

/** One of `FUNCTION_CHANGES`. */
export type FunctionChange = (typeof FUNCTION_CHANGES)[number];
