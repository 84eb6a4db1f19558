import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve } from 'import-meta-resolve';
import { type Imported, importNamespace, mayBeCommonJs, TYPESCRIPT } from './code.js';

/** Errors of an import when only a compiler knows the syntax, the extensions or the `paths`. */
const FOR_COMPILERS = new Set<unknown>([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
]);

/** Whether a failed import may succeed with tsx. */
export const mayNeedCompiler = (url: string, thrown: unknown): boolean =>
  TYPESCRIPT.test(url) && (thrown instanceof SyntaxError || FOR_COMPILERS.has((thrown as { code?: unknown } | null | undefined)?.code));

let registered: Promise<boolean> | undefined;

/**
 * Lets this thread import TypeScript with tsx: the one of the code's own project, else the one beside this package. It compiles by the
 * `tsconfig.json` at or above `root`, whatever the working directory is. Resolves to whether it could; registers once per thread.
 */
export function loadsTypeScript(root: string): Promise<boolean> {
  registered ??= register(root);
  return registered;
}

/** Imports the module at a URL that `resolveModule` returned, TypeScript always with tsx, if that is there. */
export async function importCompiled(url: string, root: string): Promise<Imported> {
  if (TYPESCRIPT.test(url)) await loadsTypeScript(root);
  return importNamespace(url);
}

/** Returns the `tsconfig.json` for code below `root`: `TSX_TSCONFIG_PATH` if set, else the nearest at or above `root`, if any. */
export function tsconfigOf(root: string): string | undefined {
  const { TSX_TSCONFIG_PATH: given } = process.env;
  if (given) return given;
  for (let folder = root; ; folder = dirname(folder)) {
    const path = join(folder, 'tsconfig.json');
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Returns the environment of a worker for code below `root`; `undefined` for that of this process. It differs if this process was started
 * with tsx and the working directory has another `tsconfig.json`: workers also start with tsx, and must compile by that of `root`.
 */
export function workerEnvironment(root: string): NodeJS.ProcessEnv | undefined {
  const tsconfig = tsconfigOf(root);
  if (!isUnderTsx() || tsconfig === tsconfigOf(process.cwd())) return undefined;
  return { ...process.env, TSX_TSCONFIG_PATH: tsconfig ?? noTsconfig() };
}

/** Whether this process was started with tsx. */
const isUnderTsx = (): boolean => [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((words) => /\btsx\b/.test(words));

/** Whether Node would try to load the file itself, and fail with a warning at ordinary TypeScript in CommonJS. */
export const isBetterCompiled = (url: string): boolean =>
  TYPESCRIPT.test(url) &&
  Boolean((process.features as { readonly typescript?: unknown }).typescript) &&
  !isUnderTsx() &&
  mayBeCommonJs(fileURLToPath(url));

/** Returns a JSON file without compiler options for tsx, which would otherwise search for a `tsconfig.json` from the working directory. */
const noTsconfig = (): string => createRequire(import.meta.url).resolve('handoff-dag/package.json');

interface EsmApi {
  register(options: { readonly tsconfig: string | false }): unknown;
}

async function register(root: string): Promise<boolean> {
  const tsconfig = tsconfigOf(root);
  for (const from of [pathToFileURL(join(root, 'package.json')).href, import.meta.url]) {
    try {
      const esm = (await import(resolve('tsx/esm/api', from))) as EsmApi;
      const cjs = (await import(resolve('tsx/cjs/api', from))) as { register(): unknown };
      esm.register({ tsconfig: tsconfig ?? false });
      withTsconfig(tsconfig, () => cjs.register());
      return true;
    } catch {
      // It is not there: try the next place, or whatever this Node can do by itself.
    }
  }
  return false;
}

/** tsx reads the path for CommonJS from the environment when it registers. */
function withTsconfig(tsconfig: string | undefined, body: () => void): void {
  const before = process.env.TSX_TSCONFIG_PATH;
  process.env.TSX_TSCONFIG_PATH = tsconfig ?? noTsconfig();
  try {
    body();
  } finally {
    if (before === undefined) delete process.env.TSX_TSCONFIG_PATH;
    else process.env.TSX_TSCONFIG_PATH = before;
  }
}
