import { type DagFault, HandoffError } from '../base/index.js';
import { chainCycles, collocationOf, groupsOf } from './collocation.js';
import { findCycles } from './cycles.js';
import type { FunctionSpec } from './function-spec.js';
import { optionFaults } from './option-faults.js';
import type { Snapshot } from './snapshot.js';

/** How many faults an error's message spells out; `faults` has them all. */
const SPELT_OUT = 10;

/** The `HANDOFF_INVALID_DAG` that carries these faults. */
export function invalidDag(dagId: string, faults: readonly DagFault[]): HandoffError {
  const messages = faults.slice(0, SPELT_OUT).map((fault) => fault.message);
  if (faults.length > SPELT_OUT) messages.push(`and ${faults.length - SPELT_OUT} more`);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new HandoffError('HANDOFF_INVALID_DAG', `Cannot use DAG ${JSON.stringify(dagId)}: ${count}: ${messages.join('; ')}`, {
    dagId,
    faults,
  });
}

/**
 * Everything that is wrong with a DAG by itself: the faults of each function in the order of adding, then cycles, then those of collocation.
 * Linear in functions and arguments.
 */
export function findFaults({ functions, inputs }: Snapshot): DagFault[] {
  const numberOf = new Map<string, number>();
  for (const [number, spec] of functions.entries()) numberOf.set(spec.id, number);
  const inputIds = new Set(inputs);
  return [
    ...functions.flatMap((spec) => [...missingFunctions(spec, numberOf, inputIds), ...optionFaults(spec)]),
    ...cycleFaults(functions, numberOf),
    ...collocationFaults(functions, numberOf, inputIds),
  ];
}

const quoted = (id: string): string => JSON.stringify(id);

function missingFunctions(spec: FunctionSpec, numberOf: ReadonlyMap<string, number>, inputIds: ReadonlySet<string>): DagFault[] {
  const wanted = new Set(spec.args.map((arg) => (typeof arg === 'string' ? arg : arg.id)));
  return [...wanted]
    .filter((id) => !numberOf.has(id) && !inputIds.has(id))
    .map((missing) => ({
      kind: 'missing-function',
      functionId: spec.id,
      missing,
      message: `Cannot run function ${quoted(spec.id)}: its argument ${quoted(missing)} is neither a function nor an input`,
    }));
}

function cycleFaults(functions: readonly FunctionSpec[], numberOf: ReadonlyMap<string, number>): DagFault[] {
  const start = new Int32Array(functions.length + 1);
  const items: number[] = [];
  for (const [number, spec] of functions.entries()) {
    for (const arg of spec.args) {
      const producer = numberOf.get(typeof arg === 'string' ? arg : arg.id);
      if (producer !== undefined) items.push(producer);
    }
    start[number + 1] = items.length;
  }
  return findCycles({ start, items: Int32Array.from(items) }).map((cycle) => {
    const path = closed(cycle, functions);
    return { kind: 'cycle', functionId: path[0]!, path, message: `Cannot order functions: each needs the one before, ${drawn(path)}` };
  });
}

function collocationFaults(
  functions: readonly FunctionSpec[],
  numberOf: ReadonlyMap<string, number>,
  inputIds: ReadonlySet<string>,
): DagFault[] {
  const faults: DagFault[] = [];
  const next = new Int32Array(functions.length).fill(-1);
  for (const [number, spec] of functions.entries()) {
    const target = spec.type === 'regular' ? collocationOf(spec) : undefined;
    if (typeof target !== 'string' || target === '') continue;
    const functionId = spec.id;
    const intent = `Cannot place function ${quoted(functionId)}`;
    const found = numberOf.get(target);
    if (found !== undefined && functions[found]!.type === 'regular') next[number] = found;
    else if (found !== undefined || inputIds.has(target)) {
      const message = `${intent}: node is collocated with ${quoted(target)}, which is ${found === undefined ? 'an input' : 'inline'} and has no place`;
      faults.push({ kind: 'invalid-option', functionId, field: 'node', message });
    } else {
      const message = `${intent}: it is collocated with ${quoted(target)}, which does not exist`;
      faults.push({ kind: 'collocation-missing', functionId, missing: target, message });
    }
  }
  for (const cycle of chainCycles(next)) {
    const path = closed(cycle, functions);
    faults.push({
      kind: 'collocation-cycle',
      functionId: path[0]!,
      path,
      message: `Cannot place functions: each is collocated with the next, ${drawn(path)}`,
    });
  }
  return [...faults, ...pinFaults(functions, next)];
}

/** The pin of a group is that of its first pinned member; each member that is pinned elsewhere is at fault. */
function pinFaults(functions: readonly FunctionSpec[], next: Int32Array): DagFault[] {
  const { group, groupCount } = groupsOf(next);
  const pinned: (FunctionSpec | undefined)[] = new Array(groupCount).fill(undefined);
  const faults: DagFault[] = [];
  for (const [number, spec] of functions.entries()) {
    if (group[number] === -1 || typeof spec.node !== 'string' || spec.type === 'inline') continue;
    const first = pinned[group[number]!] ?? spec;
    pinned[group[number]!] = first;
    if (first.node === spec.node) continue;
    const message = `Cannot place function ${quoted(spec.id)}: node is ${quoted(spec.node)}, its group is pinned to ${quoted(String(first.node))} by ${quoted(first.id)}`;
    faults.push({ kind: 'invalid-option', functionId: spec.id, field: 'node', message });
  }
  return faults;
}

function closed(cycle: readonly number[], functions: readonly FunctionSpec[]): string[] {
  return [...cycle, cycle[0]!].map((number) => functions[number]!.id);
}

/** A path as text; of a long one the ends, as a cycle of 100,000 is no message. */
function drawn(path: readonly string[]): string {
  const ids = path.map(quoted);
  return (ids.length > 12 ? [...ids.slice(0, 8), `(${ids.length - 11} more)`, ...ids.slice(-3)] : ids).join(' → ');
}
