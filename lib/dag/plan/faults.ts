import { type DagFault, HandoffError } from '../../base/index.js';
import { idOfCondition } from '../build/condition.js';
import type { FunctionSpec } from '../build/function-spec.js';
import { optionFaults } from '../build/option-faults.js';
import { isCached, isUnversioned } from '../graph/caching.js';
import { chainCycles, collocationOf } from '../graph/collocation.js';
import { findCycles } from '../graph/cycles.js';
import type { GraphSnapshot } from '../graph/graph.js';
import { idClashes } from './id-clashes.js';

/** How many faults an error's message lists; `faults` has them all. */
const SPELT_OUT = 10;

/** Returns the `HANDOFF_INVALID_DAG` with these faults. */
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
 * Lists everything that is wrong with a DAG by itself: the faults of each function in the order of adding, then cycles, then faults of
 * collocation. Linear in functions and arguments.
 */
export function findFaults(snapshot: GraphSnapshot): DagFault[] {
  const specs = snapshot.graph.specs.slice(0, snapshot.size);
  const faults = specs.flatMap((spec) => [
    ...missingFunctions(spec, snapshot),
    ...optionFaults(spec),
    ...inlineWires(spec, snapshot),
    ...inlineCodes(spec, snapshot),
  ]);
  return faults.concat(clashFaults(snapshot), cycleFaults(specs, snapshot), collocationFaults(specs, snapshot));
}

const quoted = (id: string): string => JSON.stringify(id);

/** The ids that a map goes over and a condition looks at. */
function wiresOf({ over, when }: FunctionSpec): [field: 'over' | 'when', id: string][] {
  const wires: [field: 'over' | 'when', id: string][] = [];
  if (over !== undefined) wires.push(['over', over]);
  if (when !== undefined) wires.push(['when', idOfCondition(when)]);
  return wires;
}

function missingFunctions(spec: FunctionSpec, snapshot: GraphSnapshot): DagFault[] {
  const wanted = new Map<string, string>();
  for (const arg of spec.args) wanted.set(typeof arg === 'string' ? arg : arg.id, 'argument');
  for (const [field, id] of wiresOf(spec)) if (!wanted.has(id)) wanted.set(id, field);
  return [...wanted]
    .filter(([id]) => snapshot.find(id) === 0)
    .map(([missing, as]) => ({
      kind: 'missing-function',
      functionId: spec.id,
      missing,
      message: `Cannot run function ${quoted(spec.id)}: its ${as} ${quoted(missing)} is neither a function nor an input`,
    }));
}

/** An inline function has no value of its own: it is evaluated within each consumer. */
function inlineWires(spec: FunctionSpec, snapshot: GraphSnapshot): DagFault[] {
  // An inline function has no condition at all, which is a fault of the option.
  if (spec.type === 'inline') return [];
  return wiresOf(spec)
    .filter(([, id]) => snapshot.graph.specs[snapshot.find(id) - 1]?.type === 'inline')
    .map(([field, id]) => ({
      kind: 'invalid-option',
      functionId: spec.id,
      field,
      message: `Cannot run function ${quoted(spec.id)}: ${field} is ${quoted(id)}, which is inline, needs a value of its own`,
    }));
}

/** What is evaluated for a function whose result is remembered must be known to be the same the next time. */
function inlineCodes(spec: FunctionSpec, snapshot: GraphSnapshot): DagFault[] {
  if (!isCached(spec) || spec.type === 'inline') return [];
  const seen = new Set<FunctionSpec>([spec]);
  for (const { args } of seen) {
    for (const arg of args) {
      const producer = snapshot.graph.specs[snapshot.find(typeof arg === 'string' ? arg : arg.id) - 1];
      if (producer?.type === 'inline') seen.add(producer);
    }
  }
  return [...seen]
    .filter((one) => one !== spec && isUnversioned(one))
    .map(({ id }) => ({
      kind: 'invalid-option',
      functionId: spec.id,
      field: 'cache',
      message: `Cannot remember function ${quoted(spec.id)}: its inline argument ${quoted(id)} is a plain function, needs a version`,
    }));
}

function clashFaults(snapshot: GraphSnapshot): DagFault[] {
  return idClashes(snapshot).map(({ id, other }) => ({
    kind: 'id-clash',
    functionId: id,
    other,
    message: `Cannot use id ${quoted(id)}: ${quoted(other)} may give it to a function that it adds`,
  }));
}

function cycleFaults(specs: readonly FunctionSpec[], snapshot: GraphSnapshot): DagFault[] {
  const { args, argsEnd, overAt, whenAt } = snapshot.graph;
  const start = new Int32Array(specs.length + 1);
  const items: number[] = [];
  for (let i = 0, k = 0; i < specs.length; i++) {
    // Inputs and missing functions become negative, which is no producer.
    for (; k < argsEnd[i]!; k++) items.push(snapshot.definedAs(args[k]!) - 1);
    for (const wire of [overAt.get(i), whenAt.get(i)]) if (wire !== undefined) items.push(snapshot.definedAs(wire) - 1);
    start[i + 1] = items.length;
  }
  return findCycles({ start, items: Int32Array.from(items) }).map((cycle) => {
    const path = closed(cycle, specs);
    return { kind: 'cycle', functionId: path[0]!, path, message: `Cannot order functions: each needs the one before, ${drawn(path)}` };
  });
}

/** Why nothing can be collocated with a function, by its type. */
const NO_NODE: ReadonlyMap<string, string> = new Map([
  ['inline', 'inline and has no node'],
  ['map', 'a map and has no node of its own'],
  ['expand', 'an expansion and has no node of its own'],
]);

function collocationFaults(specs: readonly FunctionSpec[], snapshot: GraphSnapshot): DagFault[] {
  const faults: DagFault[] = [];
  const next = new Int32Array(specs.length).fill(-1);
  for (const [position, spec] of specs.entries()) {
    const target = spec.type === 'inline' ? undefined : collocationOf(spec);
    // A value that is no id is already a fault of the option.
    if (typeof target !== 'string' || target === '') continue;
    const functionId = spec.id;
    const found = snapshot.find(target);
    if (found === 0) {
      const message = `Cannot place function ${quoted(functionId)}: it is collocated with ${quoted(target)}, which does not exist`;
      faults.push({ kind: 'collocation-missing', functionId, missing: target, message });
      continue;
    }
    const what = found < 0 ? 'an input and has no node' : NO_NODE.get(specs[found - 1]!.type);
    if (what !== undefined) {
      const which = `${quoted(target)}, which is ${what}`;
      const message = `Cannot place function ${quoted(functionId)}: it is collocated with ${which}`;
      faults.push({ kind: 'invalid-option', functionId, field: 'node', message });
    } else next[position] = found - 1;
  }
  for (const cycle of chainCycles(next)) {
    const path = closed(cycle, specs);
    faults.push({
      kind: 'collocation-cycle',
      functionId: path[0]!,
      path,
      message: `Cannot place functions: each is collocated with the next, ${drawn(path)}`,
    });
  }
  // A group cannot have two pins: a collocated function has no `node` name of its own.
  return faults;
}

function closed(cycle: readonly number[], functions: readonly FunctionSpec[]): string[] {
  return [...cycle, cycle[0]!].map((number) => functions[number]!.id);
}

/** Returns a path as text. A long one keeps its ends: a cycle of 100,000 makes no message. */
function drawn(path: readonly string[]): string {
  const ids = path.map(quoted);
  return (ids.length > 12 ? [...ids.slice(0, 8), `(${ids.length - 11} more)`, ...ids.slice(-3)] : ids).join(' → ');
}
