import { type DagFault, refuseWrongName, textOf } from '../../base/index.js';
import type { DagJson } from '../build/dag-like.js';
import { type FunctionSpec, heldSpecOf, OPTION_FIELDS } from '../build/function-spec.js';
import { invalidDag } from '../plan/faults.js';
import { jsonCopy } from './json-copy.js';

/** Returns a DAG as plain data; see `Dag.toJSON` for what it throws. Fields with their default value are left out. */
export function dagToJson(dagId: string, specs: readonly FunctionSpec[], inputs: readonly string[]): DagJson {
  refusePlainFunctions(dagId, specs);
  return { id: dagId, functions: specs.map((spec) => specToJson(dagId, spec)), inputs: [...inputs] };
}

/**
 * Reads what `dagToJson` wrote; functions are as `heldSpecOf` returns them. Throws `TypeError` naming the place of anything else, and
 * `HANDOFF_INVALID_DAG` for plain functions.
 */
export function readJson(json: unknown): {
  readonly id: string;
  readonly functions: readonly FunctionSpec[];
  readonly inputs: readonly string[];
} {
  if (typeof json === 'string') throw new TypeError('Cannot read a DAG: Dag.fromJSON takes what JSON.parse gives, not its text');
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError('Cannot read a DAG: it is not an object');
  for (const key of Object.keys(json)) {
    if (key !== 'id' && key !== 'functions' && key !== 'inputs')
      throw new TypeError(`Cannot read a DAG: unknown field ${JSON.stringify(key)}`);
  }
  const { id, functions, inputs = [] } = json as { readonly [K in keyof DagJson]?: unknown };
  refuseWrongName(id, 'Cannot read a DAG', 'id');
  if (!Array.isArray(functions)) throw new TypeError('Cannot read a DAG: functions is not an array');
  if (!Array.isArray(inputs)) throw new TypeError('Cannot read a DAG: inputs is not an array');
  for (const [k, input] of inputs.entries()) refuseWrongName(input, 'Cannot read a DAG', `inputs[${k}]`);
  const specs = functions.map((given, k) => {
    try {
      return heldSpecOf(given);
    } catch (error) {
      throw new TypeError(`Cannot read a DAG: functions[${k}]: ${textOf(error)}`, { cause: error });
    }
  });
  refusePlainFunctions(id, specs);
  return { id, functions: specs, inputs };
}

function refusePlainFunctions(dagId: string, specs: readonly FunctionSpec[]): void {
  const faults = specs.flatMap(plainFunctions);
  if (faults.length > 0) throw invalidDag(dagId, faults);
}

function plainFunctions(spec: FunctionSpec): DagFault[] {
  const fields = typeof spec.code === 'function' ? ['code'] : [];
  for (const [k, arg] of spec.args.entries()) {
    if (typeof arg === 'string') continue;
    for (const field of ['serialize', 'deserialize'] as const) if (typeof arg[field] === 'function') fields.push(`args[${k}].${field}`);
  }
  return fields.map((field) => ({
    kind: 'invalid-option',
    functionId: spec.id,
    field,
    message: `Cannot write function ${JSON.stringify(spec.id)} as JSON: ${field} is a plain function, needs a reference (functionsIn)`,
  }));
}

function specToJson(dagId: string, spec: FunctionSpec): object {
  const plain = (value: unknown, path: string): unknown => jsonCopy(value, path, { dagId, functionId: spec.id });
  const { code } = spec;
  const args = spec.args.map((arg, k) => (typeof arg === 'string' || arg.extra.length > 0 ? plain(arg, `args[${k}]`) : withoutExtra(arg)));
  const options = OPTION_FIELDS.filter((field) => spec[field] !== undefined).map((field) => [field, plain(spec[field], field)]);
  return {
    id: spec.id,
    code: typeof code === 'function' ? undefined : { module: code.module, name: code.name },
    ...(args.length > 0 && { args }),
    ...((!Array.isArray(spec.extraArgs) || spec.extraArgs.length > 0) && { extraArgs: plain(spec.extraArgs, 'extraArgs') }),
    ...(spec.argumentInclusion !== 'variadic' && { argumentInclusion: plain(spec.argumentInclusion, 'argumentInclusion') }),
    ...(spec.type !== 'regular' && { type: plain(spec.type, 'type') }),
    ...(spec.over !== undefined && { over: spec.over }),
    ...(spec.concurrency !== undefined && { concurrency: plain(spec.concurrency, 'concurrency') }),
    ...(spec.when !== undefined && { when: plain(spec.when, 'when') }),
    ...(spec.optional !== undefined && spec.optional !== false && { optional: plain(spec.optional, 'optional') }),
    ...Object.fromEntries(options),
  };
}

function withoutExtra(arg: object): object {
  return Object.fromEntries(Object.entries(arg).filter(([field]) => field !== 'extra'));
}
