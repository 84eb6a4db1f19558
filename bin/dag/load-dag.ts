import { readFile } from 'node:fs/promises';
import { types } from 'node:util';
import type { DagLike } from '../../lib/index.js';
import type { UsageError } from '../exit-codes.js';
import { cannotLoad, exportsOf, guarded } from './exports-of.js';
import { type ModulePath, modulePath } from './module-path.js';
import { settled } from './settled.js';

/** A DAG made by the user's module, perhaps with another copy of this package. */
export type LoadedDag = DagLike & { validate(): unknown };

type Builder = () => unknown;

/**
 * Loads the DAG that `<module>[#export]` names: a `Dag`, a function (sync or async) that returns one, or a .json file of `dag.toJSON()`.
 * Without an export it takes the default export, else the only exported `Dag`, else the only exported function.
 *
 * Throws `UsageError` with what is wrong; an error of the module itself is its `cause`. A module that never settles or ends the process is
 * wrong usage too. The `HANDOFF_INVALID_DAG` of a wrong `add` passes unchanged.
 */
export async function loadDag(given: string): Promise<LoadedDag> {
  const module = modulePath(given);
  return settled(refuse(module).message, () => loadFrom(module));
}

async function loadFrom(module: ModulePath): Promise<LoadedDag> {
  if (module.path.endsWith('.json')) return readDag(module);
  const exports = await exportsOf(module, 'a DAG', isDag);
  const name = module.exportName ?? chosenName(exports, module);
  if (!Object.hasOwn(exports, name)) throw refuse(module, `it has no export "${name}", only ${listed(Object.keys(exports))}`);
  const exported = await guarded('a DAG', module, `its export "${name}" failed`, async () => await exports[name]);
  if (isDag(exported)) return exported;
  if (typeof exported !== 'function')
    throw refuse(module, `its export "${name}" is ${kindOf(exported)}, not a Dag or a function that returns one`);
  const built = await guarded('a DAG', module, `its export "${name}" failed`, () => (exported as Builder)());
  if (isDag(built)) return built;
  throw refuse(module, `its export "${name}" returned ${kindOf(built)}, not a Dag`);
}

const refuse = (module: ModulePath, why?: string): UsageError => cannotLoad('a DAG', module, why);

async function readDag(module: ModulePath): Promise<LoadedDag> {
  if (module.exportName !== undefined) throw refuse(module, 'a .json file has no exports');
  const { Dag } = await import('../../lib/index.js');
  return guarded('a DAG', module, 'it is no DAG that dag.toJSON() wrote', async () =>
    Dag.fromJSON(JSON.parse(await readFile(module.path, 'utf8'))),
  );
}

function chosenName(exports: Readonly<Record<string, unknown>>, module: ModulePath): string {
  const names = Object.keys(exports);
  if (names.includes('default')) return 'default';
  for (const is of [isDag, isBuilder]) {
    const found = names.filter((name) => is(exports[name]));
    if (found.length === 1) return found[0]!;
    if (found.length > 1) throw refuse(module, `it exports ${listed(found)}: say which, as in ${module.shown}#${found[0]}`);
  }
  throw refuse(module, names.length === 0 ? 'it exports nothing' : `it exports no Dag and no function, only ${listed(names)}`);
}

/** Checked by shape: the module may use another copy of this package. */
function isDag(value: unknown): value is LoadedDag {
  try {
    return hasItsShape(value);
  } catch {
    return false;
  }
}

function hasItsShape(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { id, functions, validate, toJSON, toMermaid } = value as Partial<Record<keyof LoadedDag, unknown>>;
  const isMap = typeof functions === 'object' && functions !== null && Symbol.iterator in functions;
  return typeof id === 'string' && isMap && [validate, toJSON, toMermaid].every((method) => typeof method === 'function');
}

const isBuilder = (value: unknown): value is Builder => typeof value === 'function';

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', '));

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (!types.isProxy(value) && Array.isArray(value)) return 'an array';
  const kind = typeof value;
  return kind === 'object' ? 'an object' : `a ${kind}`;
}
