import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HandoffError, textOf } from '../../base/index.js';
import type { AnyFunction, CodeRef } from '../../dag/index.js';
import { type CodeRoot, moduleNotFound, resolveModule } from './module-resolution.js';

/** The files that some supported versions of Node cannot load by themselves. */
export const TYPESCRIPT = /\.(?:[cm]?ts|[jt]sx)$/;

/** How many exports a message names. */
const NAMED = 10;

/** An imported module. It is wrapped in an object, since a module that exports `then` would be awaited like a promise. */
export interface Imported {
  readonly namespace: object;
}

/** Imports the module at a URL that `resolveModule` returned. */
export type ImportModule = (url: string) => Promise<Imported>;

/**
 * Loads the function of a reference: an export of an ES module, or a property of the `module.exports` of a CommonJS one. Rejects with
 * `HANDOFF_CODE_NOT_FOUND`. Its `cause` is what the module threw while loading, if it did.
 */
export async function loadFunction(
  { module, name }: CodeRef,
  place: CodeRoot,
  importModule: ImportModule = importNamespace,
): Promise<AnyFunction> {
  const refuse = (why: string, cause?: unknown): HandoffError => moduleNotFound(module, place, why, cause);
  const url = resolveModule(module, place);
  let namespace: object;
  try {
    ({ namespace } = await importModule(url));
  } catch (cause) {
    const needsLoader = TYPESCRIPT.test(url) && codeOf(cause) === 'ERR_UNKNOWN_FILE_EXTENSION';
    throw refuse(
      needsLoader ? 'it is TypeScript, and neither this Node nor tsx can load it' : `it failed to load: ${textOf(cause)}`,
      cause,
    );
  }
  let found: Found | undefined;
  try {
    found = findExport(namespace, name, url);
  } catch (cause) {
    throw refuse(`its export ${JSON.stringify(name)} cannot be read: ${textOf(cause)}`, cause);
  }
  if (!found) throw refuse(`it has no export ${JSON.stringify(name)}, ${namesOf(namespace, url)}`);
  if (typeof found.value !== 'function') throw refuse(`its export ${JSON.stringify(name)} is not a function`);
  return found.value as AnyFunction;
}

/**
 * Like `import(url)`, but a module with an export called `then` is not taken for a promise, which `import` would await, maybe for ever. The
 * export is found in the module's text; one re-exported with `export *` is not.
 */
export async function importNamespace(url: string): Promise<Imported> {
  const text = textAt(url);
  if (!text.includes('then') || !EXPORTS_THEN.test(text)) return { namespace: (await import(url)) as object };
  const reader = `import * as namespace from ${JSON.stringify(url)}; export const read = () => namespace;`;
  const { read } = (await import(`data:text/javascript,${encodeURIComponent(reader)}`)) as { read(): object };
  return { namespace: read() };
}

const EXPORTS_THEN =
  /\bexport\s+(?:(?:async\s+)?function\s*\*?|const|let|var|class)\s+then\b|\bexport\s*\{[^}]*\bthen\b|\bexports\.then\b|\bmodule\.exports\s*=\s*\{[^}]*\bthen\b/;

function textAt(url: string): string {
  try {
    return readFileSync(fileURLToPath(url), 'utf8');
  } catch {
    // The import will report the error.
    return '';
  }
}

interface Found {
  readonly value: unknown;
}

/** Returns an export by its name. It may have the name of a property that every object has, such as `constructor`. */
function findExport(namespace: object, name: string, url: string): Found | undefined {
  const whole = commonJsExports(namespace, url);
  const holders = whole && (name !== 'default' || Object.hasOwn(whole, '__esModule')) ? [whole, namespace] : [namespace];
  const holder = holders.find((one) => Object.hasOwn(one, name));
  return holder && { value: (holder as Record<string, unknown>)[name] };
}

/**
 * Returns the `module.exports` of a CommonJS module, which an import has under `default`. Node finds some of its properties itself, but not
 * those that a call makes; TypeScript compiled by tsx has its exports nowhere else.
 */
function commonJsExports(namespace: object, url: string): object | undefined {
  if (!Object.hasOwn(namespace, 'default')) return undefined;
  const whole = (namespace as { readonly default: unknown }).default;
  if ((typeof whole !== 'object' && typeof whole !== 'function') || whole === null) return undefined;
  const isCommonJs = Object.hasOwn(namespace, 'module.exports') || Object.hasOwn(whole, '__esModule') || mayBeCommonJs(fileURLToPath(url));
  return isCommonJs ? whole : undefined;
}

/** Whether Node takes a file for CommonJS unless its text says otherwise: by its name, else by the `type` of the nearest package.json. */
export function mayBeCommonJs(path: string): boolean {
  const kind = /\.([cm]?)[jt]sx?$/.exec(path)?.[1];
  if (kind !== '') return kind === 'c';
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown }).type !== 'module';
    } catch {
      if (dirname(folder) === folder) return true;
    }
  }
}

function namesOf(namespace: object, url: string): string {
  const whole = commonJsExports(namespace, url);
  const all = new Set([...Object.keys(namespace), ...(typeof whole === 'object' ? Object.keys(whole) : [])]);
  for (const name of ['__esModule', 'module.exports', ...(typeof whole === 'object' ? ['default'] : [])]) all.delete(name);
  if (all.size === 0) return 'and no other';
  const names = [...all]
    .sort()
    .slice(0, NAMED)
    .map((name) => JSON.stringify(name));
  return `only ${names.join(', ')}${all.size > NAMED ? ` and ${all.size - NAMED} more` : ''}`;
}

/** Loaded functions by reference, so that repeated calls need no search. */
export class LoadedFunctions {
  readonly #place: CodeRoot;
  readonly #importModule: ImportModule | undefined;
  readonly #byRef = new WeakMap<CodeRef, AnyFunction>();

  constructor(place: CodeRoot, importModule?: ImportModule) {
    this.#place = place;
    this.#importModule = importModule;
  }

  /** Returns the function if it is loaded. */
  peek(ref: CodeRef): AnyFunction | undefined {
    return this.#byRef.get(ref);
  }

  async load(ref: CodeRef): Promise<AnyFunction> {
    const code = await loadFunction(ref, this.#place, this.#importModule);
    this.#byRef.set(ref, code);
    return code;
  }
}

const codeOf = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null ? (thrown as { code?: unknown }).code : undefined;
