import { type DagFault, isPlainObject } from '../../base/index.js';
import { type FunctionSpec, isIsolationName } from './function-spec.js';

const NONE: readonly DagFault[] = [];

/** Whether a specification has no fault by itself. A fast form of `optionFaults` for most functions. */
export function isFaultless(spec: FunctionSpec): boolean {
  if (
    spec.cost === undefined &&
    spec.node === undefined &&
    spec.maxRetries === undefined &&
    spec.retry === undefined &&
    spec.timeoutMs === undefined &&
    spec.isolation === undefined &&
    spec.priority === undefined &&
    spec.estimateMs === undefined &&
    spec.optional === undefined &&
    spec.concurrency === undefined &&
    spec.cache === undefined &&
    (spec.version === undefined || typeof spec.version === 'string') &&
    (spec.type === 'regular' || (spec.type === 'inline' ? spec.when === undefined : spec.type === 'map' || spec.type === 'expand')) &&
    (spec.argumentInclusion === 'variadic' || spec.argumentInclusion === 'as-list') &&
    Array.isArray(spec.extraArgs)
  ) {
    return true;
  }
  return optionFaults(spec).length === 0;
}

/**
 * Lists the faults of a function's cost and options, each looked at by itself. `field` is the option, or `cost.cpu`, `retry.factor`. An
 * inline function's options are checked like any other's; in addition it must not have `node`.
 */
export function optionFaults(spec: FunctionSpec): readonly DagFault[] {
  let faults: DagFault[] | undefined;
  const { id } = spec;
  const fault = (kind: 'invalid-cost' | 'invalid-option', field: string, value: unknown, needed: string): void => {
    faults ??= [];
    faults.push({
      kind,
      functionId: id,
      field,
      message: `Cannot run function ${JSON.stringify(id)}: ${field} is ${shown(value)}, needs ${needed}`,
    });
  };
  const option = (field: string, value: unknown, isRight: (value: number) => boolean, needed: string): void => {
    if (value !== undefined && (typeof value !== 'number' || !isRight(value))) fault('invalid-option', field, value, needed);
  };

  const { extraArgs, argumentInclusion, type }: { readonly [F in keyof FunctionSpec]?: unknown } = spec;
  if (!Array.isArray(extraArgs)) fault('invalid-option', 'extraArgs', extraArgs, 'an array');
  if (argumentInclusion !== 'variadic' && argumentInclusion !== 'as-list') {
    fault('invalid-option', 'argumentInclusion', argumentInclusion, "'variadic' or 'as-list'");
  }
  if (type !== 'regular' && type !== 'inline' && type !== 'map' && type !== 'expand') {
    fault('invalid-option', 'type', type, "'regular' or 'inline'");
  }
  option('concurrency', spec.concurrency, (value) => Number.isSafeInteger(value) && value >= 1, 'a whole number from 1');
  if (type === 'inline' && spec.when !== undefined) fault('invalid-option', 'when', spec.when, INLINE_HAS_NONE);
  if (spec.optional !== undefined && typeof spec.optional !== 'boolean')
    fault('invalid-option', 'optional', spec.optional, 'true or false');
  else if (type === 'inline' && spec.optional === true) fault('invalid-option', 'optional', true, INLINE_HAS_NONE);
  if (spec.cost !== undefined) {
    if (!isPlainOption(spec.cost)) fault('invalid-cost', 'cost', spec.cost, 'an object of amounts by resource');
    else {
      for (const [resource, amount] of Object.entries<unknown>(spec.cost)) {
        if (resource === '') fault('invalid-cost', 'cost.', amount, 'a resource with a name');
        else if (!isNumberFrom0(amount)) fault('invalid-cost', `cost.${resource}`, amount, 'a finite number from 0');
      }
    }
  }
  if (spec.node !== undefined) {
    if (spec.type === 'inline') {
      faults ??= [];
      const message = `Cannot place inline function ${JSON.stringify(id)}: it runs where its consumers do, node must not be given`;
      faults.push({ kind: 'inline-with-node', functionId: id, message });
    } else if (!isNode(spec.node)) fault('invalid-option', 'node', spec.node, "a node's name, onDriver() or collocatedWith(id)");
  }
  option('maxRetries', spec.maxRetries, (value) => Number.isSafeInteger(value) && value >= 0, 'a whole number from 0');
  if (spec.retry !== undefined) {
    if (!isPlainOption(spec.retry)) fault('invalid-option', 'retry', spec.retry, 'an object');
    else {
      for (const [field, value] of Object.entries(spec.retry as Readonly<Record<string, unknown>>)) {
        const rule = RETRY_RULES.get(field);
        if (rule === undefined) fault('invalid-option', `retry.${field}`, value, `one of ${[...RETRY_RULES.keys()].join(', ')}`);
        else option(`retry.${field}`, value, ...rule);
      }
    }
  }
  option('timeoutMs', spec.timeoutMs, (value) => Number.isFinite(value) && value > 0, 'a finite number above 0');
  if (spec.isolation !== undefined) {
    if (!isIsolationName(spec.isolation)) fault('invalid-option', 'isolation', spec.isolation, 'the name of an isolation');
    else if (spec.isolation !== 'loop' && typeof spec.code === 'function') {
      fault('invalid-option', 'isolation', spec.isolation, "'loop' for a plain function, or a reference as code");
    }
  }
  if (spec.version !== undefined && typeof spec.version !== 'string') fault('invalid-option', 'version', spec.version, 'a string');
  if (spec.cache !== undefined) cacheFaults(spec, fault, option);
  option('priority', spec.priority, Number.isFinite, 'a finite number');
  option('estimateMs', spec.estimateMs, isNumberFrom0, 'a finite number from 0');
  return faults ?? NONE;
}

function cacheFaults(
  { cache, type, code, version }: FunctionSpec,
  fault: (kind: 'invalid-option', field: string, value: unknown, needed: string) => void,
  option: (field: string, value: unknown, isRight: (value: number) => boolean, needed: string) => void,
): void {
  if (typeof cache !== 'boolean' && !isPlainOption(cache)) return fault('invalid-option', 'cache', cache, 'true, false or { ttlMs }');
  if (cache === false) return;
  if (type === 'expand')
    return fault('invalid-option', 'cache', cache, 'to be left out: the functions of the DAG that it makes may have it');
  for (const [field, value] of Object.entries(cache === true ? {} : (cache as Readonly<Record<string, unknown>>))) {
    if (field === 'ttlMs') option('cache.ttlMs', value, isNumberFrom0, 'a finite number from 0');
    else fault('invalid-option', `cache.${field}`, value, 'to be left out: there is only ttlMs');
  }
  if (typeof code === 'function' && version === undefined) {
    fault('invalid-option', 'cache', cache, 'a version beside it, which stands for all that a plain function closes over');
  }
}

const INLINE_HAS_NONE = 'to be left out: an inline function runs within its consumers';

const isNumberFrom0 = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

type Rule = readonly [isRight: (value: number) => boolean, needed: string];
const FROM_0: Rule = [isNumberFrom0, 'a finite number from 0'];
const RETRY_RULES: ReadonlyMap<string, Rule> = new Map([
  ['initialDelayMs', FROM_0],
  ['factor', FROM_0],
  ['maxDelayMs', FROM_0],
  ['jitter', [(value: number) => value >= 0 && value <= 1, 'a number from 0 to 1']],
]);

const isPlainOption = (value: unknown): value is object => typeof value === 'object' && value !== null && isPlainObject(value);

function isNode(node: unknown): boolean {
  if (typeof node === 'string') return node !== '';
  if (!isPlainOption(node) || Object.keys(node).length !== 1) return false;
  const { onDriver, collocatedWith } = node as { onDriver?: unknown; collocatedWith?: unknown };
  return onDriver === true || (typeof collocatedWith === 'string' && collocatedWith !== '');
}

/** Returns a value as a few words for a message. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
