import { type DagFault, HandoffError, refuseWrongName } from '../../base/index.js';
import type { Graph } from '../graph/graph.js';
import { graphOf } from '../plan/plan.js';
import type { FunctionSpec } from './function-spec.js';

/**
 * Returns the functions of the DAG `other` as `into` is to have them: with ids `prefix/id`, and with its inputs replaced by values of
 * `into`. Nothing is added yet, so a DAG can include itself. See `Dag.include` for what it throws.
 */
export function includedSpecs(dagId: string, into: Graph, prefix: unknown, other: unknown, inputs: unknown): FunctionSpec[] {
  const intent = 'Cannot include a DAG';
  refuseWrongName(prefix, intent, 'the prefix');
  const graph = graphOf(other, intent);
  const wired = wiredInputs(inputs, intent);
  const faults: DagFault[] = [];
  const fault = (functionId: string, field: string, message: string): void => {
    faults.push({ kind: 'invalid-option', functionId, field, message });
  };
  for (const id of graph.inputs) {
    if (!wired.has(id)) fault(prefix, `inputs.${id}`, `Cannot include ${quoted(prefix)}: its input ${quoted(id)} is not wired to a value`);
  }
  for (const id of wired.keys()) {
    if (graph.find(id) >= 0) fault(prefix, `inputs.${id}`, `Cannot include ${quoted(prefix)}: it has no input ${quoted(id)}`);
  }
  const named = (id: string): string => wired.get(id) ?? `${prefix}/${id}`;
  const specs = graph.specs.map((spec) => {
    const id = `${prefix}/${spec.id}`;
    const found = into.find(id);
    if (found !== 0) fault(id, 'id', `Cannot include ${quoted(prefix)}: ${found > 0 ? 'a function' : 'an input'} has the id ${quoted(id)}`);
    return renamed(spec, id, named, prefix);
  });
  if (faults.length === 0) return specs;
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new HandoffError('HANDOFF_INVALID_DAG', `${first!.message}${more}`, { dagId, functionId: first!.functionId, faults });
}

const quoted = (id: string): string => JSON.stringify(id);

/** Returns the values of the including DAG by the input that they stand for. */
function wiredInputs(inputs: unknown, intent: string): ReadonlyMap<string, string> {
  if (inputs === undefined) return new Map();
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new TypeError(`${intent}: inputs is not an object of ids by input`);
  }
  const given = Object.entries(inputs as Readonly<Record<string, unknown>>).filter(([, id]) => id !== undefined);
  return new Map(
    given.map(([input, id]) => {
      refuseWrongName(id, intent, `the value for input ${quoted(input)}`);
      return [input, id];
    }),
  );
}

/** Returns a function with the ids that it has in the including DAG. */
function renamed(spec: FunctionSpec, id: string, named: (id: string) => string, prefix: string): FunctionSpec {
  const { args, over, when, node } = spec;
  const copy: { -readonly [F in keyof FunctionSpec]: FunctionSpec[F] } = { ...spec, id };
  if (args.length > 0) {
    copy.args = Object.freeze(args.map((arg) => (typeof arg === 'string' ? named(arg) : Object.freeze({ ...arg, id: named(arg.id) }))));
  }
  if (over !== undefined) copy.over = named(over);
  if (when !== undefined) copy.when = typeof when === 'string' ? named(when) : Object.freeze({ ...when, id: named(when.id) });
  const target = typeof node === 'object' && node !== null && 'collocatedWith' in node ? node.collocatedWith : undefined;
  // What is no id stays as it is, a fault of the option. An input has no node, so nothing can be collocated with it under any id.
  if (typeof target === 'string' && target !== '')
    copy.node = Object.freeze({ ...(node as object), collocatedWith: `${prefix}/${target}` });
  return Object.freeze(copy);
}
