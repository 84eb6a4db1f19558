import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveSpecifier } from 'import-meta-resolve';
import { HandoffError, textOf } from '../base/index.js';
import type { AnyFunction, CodeRef } from '../dag/index.js';

/** Where code is looked for: a folder, absolute, and the node it is on. */
export interface CodePlace {
  readonly root: string;
  readonly node: string;
}

/** What may stand for a file that is not there: sources for what was compiled from them, and back. */
const SUBSTITUTES: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
  '.jsx': ['.tsx'],
  '.ts': ['.js'],
  '.mts': ['.mjs'],
  '.cts': ['.cjs'],
  '.tsx': ['.js', '.jsx'],
};

/** The files that Node cannot load by itself in every version. */
export const TYPESCRIPT = /\.[cm]?tsx?$/;

/**
 * Resolves the module of a reference to a `file:` URL: a file below `root`, links followed, or a module of a package that the `package.json`
 * at `root` depends on. Throws `HANDOFF_CODE_NOT_FOUND` with the node, the path and what was looked for.
 */
export function resolveModule(module: string, { root, node }: CodePlace): string {
  const refuse = (why: string, cause?: unknown): HandoffError => notFound(module, { root, node }, why, cause);
  if (module.startsWith('file:')) {
    let path: string;
    try {
      path = fileURLToPath(module);
    } catch (cause) {
      throw refuse('it is no valid file: URL', cause);
    }
    return fileBelow(path, root, refuse);
  }
  if (/^[a-z][a-z\d+.-]*:/i.test(module)) throw refuse(`${module.slice(0, module.indexOf(':') + 1)} modules are not allowed`);
  if (isAbsolute(module) || module.includes('\\')) throw refuse('absolute paths are not allowed');
  if (module.startsWith('.')) return fileBelow(resolve(root, module), root, refuse);
  if (found(resolve(root, module))) return fileBelow(resolve(root, module), root, refuse);
  return packageModule(module, root, refuse);
}

/** Loads the function of a reference. Rejects with `HANDOFF_CODE_NOT_FOUND`, its `cause` what the module threw while loading, if it did. */
export async function loadFunction(
  { module, name }: CodeRef,
  place: CodePlace,
  importModule: (url: string) => Promise<unknown> = (url) => import(url),
): Promise<AnyFunction> {
  const url = resolveModule(module, place);
  let loaded: Record<string, unknown>;
  try {
    loaded = (await importModule(url)) as Record<string, unknown>;
  } catch (cause) {
    const needsLoader = TYPESCRIPT.test(url) && (cause as { code?: unknown }).code === 'ERR_UNKNOWN_FILE_EXTENSION';
    throw notFound(
      module,
      place,
      needsLoader ? 'it is TypeScript, and neither this Node nor tsx can load it' : `it failed to load: ${textOf(cause)}`,
      cause,
    );
  }
  const exported = Object.hasOwn(loaded, name) ? loaded[name] : undefined;
  if (typeof exported === 'function') return exported as AnyFunction;
  const what = Object.hasOwn(loaded, name)
    ? `its export ${JSON.stringify(name)} is not a function`
    : `it has no export ${JSON.stringify(name)}`;
  throw notFound(module, place, what);
}

/** The functions that have been loaded, by reference: what is called again is not looked for again. */
export class LoadedFunctions {
  readonly #place: CodePlace;
  readonly #importModule: ((url: string) => Promise<unknown>) | undefined;
  readonly #byRef = new WeakMap<CodeRef, AnyFunction>();

  constructor(place: CodePlace, importModule?: (url: string) => Promise<unknown>) {
    this.#place = place;
    this.#importModule = importModule;
  }

  /** The function, if it is at hand. */
  peek(ref: CodeRef): AnyFunction | undefined {
    return this.#byRef.get(ref);
  }

  async load(ref: CodeRef): Promise<AnyFunction> {
    const code = await loadFunction(ref, this.#place, this.#importModule);
    this.#byRef.set(ref, code);
    return code;
  }
}

function notFound(module: string, { root, node }: CodePlace, why: string, cause?: unknown): HandoffError {
  const message = `Cannot load module ${JSON.stringify(module)} on node ${JSON.stringify(node)} below ${root}: ${why}`;
  return new HandoffError('HANDOFF_CODE_NOT_FOUND', message, cause === undefined ? { node, path: module } : { node, path: module, cause });
}

type Refuse = (why: string, cause?: unknown) => HandoffError;

function found(path: string): string | undefined {
  if (isFile(path)) return path;
  const extension = /\.[cm]?[jt]sx?$/.exec(path)?.[0] ?? '';
  const stem = path.slice(0, path.length - extension.length);
  return SUBSTITUTES[extension]?.map((other) => stem + other).find(isFile);
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

function fileBelow(path: string, root: string, refuse: Refuse): string {
  const realRoot = existsSync(root) ? realpathSync(root) : root;
  // Told apart before the disk is asked, so that nobody learns which files exist outside.
  if (!isBelow(path, root) && !isBelow(path, realRoot)) throw refuse('it lies outside root');
  const file = found(path);
  if (file === undefined) throw refuse(`there is no file ${relative(root, path)}`);
  const real = realpathSync(file);
  if (!isBelow(real, realRoot)) throw refuse('it lies outside root once links are followed');
  return pathToFileURL(real).href;
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function packageModule(specifier: string, root: string, refuse: Refuse): string {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
  // A path that climbs, or is written so that it climbs once decoded, leaves the package.
  if (!name || specifier.includes('%') || specifier.split('/').some((part) => part === '..' || part === '.' || part === ''))
    throw refuse('it is neither a file below root nor a package specifier');
  if (!dependencies(root).has(name))
    throw refuse(`there is no such file, and package.json at root does not depend on ${JSON.stringify(name)}`);
  let url: string;
  try {
    url = resolveSpecifier(specifier, pathToFileURL(join(root, 'package.json')).href);
  } catch (cause) {
    throw refuse(textOf(cause), cause);
  }
  if (!url.startsWith('file:')) throw refuse('modules of Node itself are not allowed');
  return url;
}

function dependencies(root: string): Set<string> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  } catch {
    return new Set();
  }
  const fields = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
  const { ...lists } = manifest as Partial<Record<(typeof fields)[number], object>>;
  return new Set(fields.flatMap((field) => Object.keys(lists[field] ?? {})));
}
