import type { DagFault, StepwiseWork } from '../../../base/index.js';
import { Dag } from '../../build/dag.js';
import type { DynamicDag } from '../../build/dag-like.js';
import { type FunctionOptions, type FunctionSpec, OPTION_FIELDS } from '../../build/function-spec.js';
import { invalidDag } from '../faults.js';
import type { Plan } from '../plan.js';
import type { PlanRecord } from './plan-record.js';
import { NO_WIRE, WireRows } from './wire-record.js';

/**
 * What a DAG holds besides the record of its plan, as plain data: the options of its functions, and the values of their constants. Both
 * records together make the DAG again if all its functions are references.
 */
export interface DagRecord {
  /** The options of functions, each set once; the first is empty. */
  readonly options: readonly RecordedOptions[];
  /** By number, an index into `options`. */
  readonly option: Int32Array;
  /** The constants of functions, then those of edges, where there are any. They belong to the caller until they are packed. */
  readonly values: readonly (readonly unknown[])[];
}

/** What a function says of how it is run. */
type RecordedOptions = FunctionOptions & Pick<FunctionSpec, 'concurrency' | 'optional'>;

/** The options of how a function is run; its version belongs to its code. */
const RUN_FIELDS = [...OPTION_FIELDS.filter((field) => field !== 'version'), 'concurrency', 'optional'] as const;

/** Whether two functions have the same options. Written out: a loop over names looks each of them up for each function. */
export const areRunAlike = (one: FunctionSpec, other: FunctionSpec): boolean =>
  one.cost === other.cost &&
  one.node === other.node &&
  one.maxRetries === other.maxRetries &&
  one.retry === other.retry &&
  one.timeoutMs === other.timeoutMs &&
  one.isolation === other.isolation &&
  one.priority === other.priority &&
  one.estimateMs === other.estimateMs &&
  one.concurrency === other.concurrency &&
  one.optional === other.optional &&
  one.cache === other.cache;

/** How many functions are recorded, or made, in one step. */
const FUNCTIONS_IN_STEP = 500;

/** Records what a DAG holds besides its plan, in steps. Linear. */
export function* recordDag(plan: Plan): StepwiseWork<DagRecord> {
  const { functions, size } = plan;
  const options: RecordedOptions[] = [{}];
  const numbers = new Map<string, number>();
  const option = new Int32Array(functions.length);
  const values: (readonly unknown[])[] = [];
  const ofEdges: (readonly unknown[])[] = [];
  for (let number = 0; number < functions.length; number += 1) {
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
    const spec = functions[number]!;
    const before = functions[number - 1];
    // A set that is the same needs no key: most functions are like the one before them.
    if (before && areRunAlike(spec, before)) option[number] = option[number - 1]!;
    else if (RUN_FIELDS.some((field) => spec[field] !== undefined)) {
      const set = Object.fromEntries(RUN_FIELDS.flatMap((field) => (spec[field] === undefined ? [] : [[field, spec[field]]])));
      const key = JSON.stringify(set);
      option[number] = numbers.get(key) ?? options.push(set) - 1;
      numbers.set(key, option[number]!);
    }
    if (spec.extraArgs.length > 0) values.push(spec.extraArgs);
    if (number < size && plan.isSimple(number)) continue;
    for (const arg of spec.args) if (typeof arg !== 'string' && arg.extra.length > 0) ofEdges.push(arg.extra);
  }
  for (const extra of ofEdges) values.push(extra);
  return { options, option, values };
}

/**
 * Makes a recorded DAG again, in steps. Throws `HANDOFF_INVALID_DAG` with a fault `closure-not-resumable` for each function that does not
 * consist of references: a plain function ends with its process.
 */
export function* dagOfRecord(plan: PlanRecord, dag: DagRecord): StepwiseWork<DynamicDag> {
  const { ids, size, argsStart, args, asList, inputs, edgeAt, constantsStart } = plan;
  const faults = closureFaults(plan);
  if (faults.length > 0) throw invalidDag(plan.dagId, faults);
  const made = Dag.dynamic(plan.dagId);
  for (const id of inputs) made.input(id);
  const rows = new WireRows(plan);
  const idOf = (producer: number): string => (producer < 0 ? inputs[-producer - 1]! : ids[producer]!);
  let next = 0;
  const constantsOf = (place: number): readonly unknown[] =>
    constantsStart[place] === constantsStart[place + 1] ? [] : dag.values[next++]!;
  const extraArgs = Array.from(ids, (_, number) => constantsOf(number));
  const extras = Array.from(plan.serialize, (_, edge) => constantsOf(ids.length + edge));
  for (let number = 0; number < ids.length; number += 1) {
    const argAt = (at: number): unknown => {
      const id = idOf(args[at]!);
      const edge = (edgeAt[at] ?? 0) - 1;
      if (edge < 0) return id;
      const [serialize, deserialize] = [plan.serialize[edge]!, plan.deserialize[edge]!].map((code) => referenceTo(plan, code));
      return { id, ...(serialize && { serialize }), ...(deserialize && { deserialize }), extra: extras[edge] };
    };
    const { version } = plan.codes[plan.code[number]!]!;
    const spec = {
      id: ids[number]!,
      code: referenceTo(plan, plan.code[number]!),
      args: Array.from({ length: argsStart[number + 1]! - argsStart[number]! }, (_, k) => argAt(argsStart[number]! + k)),
      extraArgs: extraArgs[number],
      ...dag.options[dag.option[number]!],
      ...(version !== undefined && { version }),
    };
    const { type, over, on, test } = rows.of(number);
    const wires = {
      ...(over !== NO_WIRE && { over: idOf(over) }),
      ...(test !== undefined && { when: test === 'truthy' ? idOf(on) : { id: idOf(on), ...test } }),
    };
    if (type === 'map') made.map({ ...spec, ...wires } as Parameters<DynamicDag['map']>[0]);
    else if (type === 'expand') made.expand({ ...spec, ...wires } as Parameters<DynamicDag['expand']>[0]);
    else {
      const argumentInclusion = asList[number] === 1 ? 'as-list' : 'variadic';
      made.add({ ...spec, ...wires, argumentInclusion, type: number < size ? 'regular' : 'inline' } as Parameters<DynamicDag['add']>[0]);
    }
    if (number % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
  }
  return made;
}

/** Returns the reference of a code, or `undefined` if it is none. */
function referenceTo({ codes, modules }: PlanRecord, code: number): { readonly module: string; readonly name: string } | undefined {
  const found = codes[code];
  return found?.kind === 'reference' ? { module: modules[found.module]!, name: found.name } : undefined;
}

function closureFaults(plan: PlanRecord): DagFault[] {
  const { ids, codes, code, argsStart, edgeAt, serialize, deserialize } = plan;
  const isClosure = codes.map(({ kind }) => kind !== 'reference');
  if (!isClosure.includes(true)) return [];
  const faults: DagFault[] = [];
  for (let number = 0; number < ids.length; number += 1) {
    let what = isClosure[code[number]!] ? 'its code' : undefined;
    for (let at = argsStart[number]!; what === undefined && at < argsStart[number + 1]!; at += 1) {
      const edge = (edgeAt[at] ?? 0) - 1;
      if (isClosure[serialize[edge] ?? -1]) what = 'a serializer of its arguments';
      else if (isClosure[deserialize[edge] ?? -1]) what = 'a deserializer of its arguments';
    }
    if (what === undefined) continue;
    const message = `Cannot resume function ${JSON.stringify(ids[number])}: ${what} is a plain function, which ended with its process`;
    faults.push({ kind: 'closure-not-resumable', functionId: ids[number]!, message });
  }
  return faults;
}
