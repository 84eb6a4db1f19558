import { pathToFileURL } from 'node:url';
import { HandoffError } from '../../lib/index.js';
import { UsageError } from '../exit-codes.js';
import type { ModulePath } from './module-path.js';
import { isTypeScript, registerTypeScript } from './typescript.js';

/**
 * Loads a module, in TypeScript or not, CommonJS or not, and returns its exports by name. A default export stands for all exports of a
 * CommonJS module, unless it `isWanted` itself. Throws `UsageError` if the module cannot be loaded; `what` names the wanted export.
 */
export async function exportsOf(
  module: ModulePath,
  what: string,
  isWanted: (value: unknown) => boolean = () => false,
): Promise<Readonly<Record<string, unknown>>> {
  if (isTypeScript(module.path)) await registerTypeScript(module.path, module.shown);
  return guarded(what, module, 'it failed to load', async () => withCommonJs(await import(pathToFileURL(module.path).href), isWanted));
}

/** Calls code of a module. If it throws, the error becomes the cause of a `UsageError`; a `HANDOFF_INVALID_DAG` is thrown as it is. */
export async function guarded<T>(what: string, module: ModulePath, failure: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (HandoffError.is(cause, 'HANDOFF_INVALID_DAG')) throw cause;
    throw new UsageError(cannotLoad(what, module, failure).message, { cause });
  }
}

/** Returns the error that says that something cannot be loaded from a module, and why. */
export const cannotLoad = (what: string, module: ModulePath, why?: string): UsageError =>
  new UsageError(`Cannot load ${what} from module "${module.shown}"${why === undefined ? '' : `: ${why}`}`);

/** Returns the exports by name. A CommonJS module may have all its exports in the default one only, which is then not an export itself. */
function withCommonJs(loaded: Readonly<Record<string, unknown>>, isWanted: (value: unknown) => boolean): Readonly<Record<string, unknown>> {
  const whole = loaded.default;
  const isHolder = (isRecord(whole) && !isWanted(whole) && typeof whole.then !== 'function') || typeof whole === 'function';
  const { __esModule: _mark, 'module.exports': _whole, ...exports }: Record<string, unknown> = { ...loaded, ...(isHolder && whole) };
  if (isRecord(whole) && exports.default === whole && Object.keys(whole).length > 0 && isHolder) delete exports.default;
  return exports;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
