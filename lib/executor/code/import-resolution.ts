import { readFileSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createPathsMatcher, parseTsconfig } from 'get-tsconfig';
import { resolve as resolveSpecifier } from 'import-meta-resolve';
import { TYPESCRIPT } from './code.js';
import { packageNameOf, realPathOf, substitutesOf, wayBelow } from './paths.js';
import { tsconfigOf } from './typescript-loader.js';

/** The endings that may be left out of a path, in the order in which they are tried. */
const ENDINGS = ['.js', '.json', '.node', '.ts', '.tsx', '.jsx', '.mjs', '.cjs', '.mts', '.cts'] as const;
const TYPESCRIPT_ENDINGS = ['.ts', '.tsx', '.mts', '.cts', ...ENDINGS] as const;

const NODE_MODULES = `${sep}node_modules${sep}`;

/**
 * Finds where the imports of local files lead, by the rules of Node, of CommonJS and of compilers together: another ending (`.js` for
 * `.ts`), endings and `index` left out, and the `paths` of the `tsconfig.json` by which code below `root` is compiled. Looks at the disk.
 * Never throws.
 */
export class ImportResolution {
  /** Links followed. */
  readonly #root: string;
  readonly #aliasesOf: (specifier: string) => readonly string[];
  /** The packages found so far, by folder. */
  readonly #packages = new Map<string, ImportTarget>();

  constructor(root: string) {
    this.#root = realPathOf(root) ?? root;
    this.#aliasesOf = pathsMatcher(root);
  }

  /** `importer` is the path of the file that imports, links followed. */
  resolve(specifier: string, importer: string): ImportTarget {
    try {
      if (isBuiltin(specifier)) return { to: 'built-in' };
      return this.#targetOf(specifier, importer);
    } catch {
      return NOWHERE;
    }
  }

  /** Returns the package that a file belongs to; `undefined` for a local file. `path` has its links followed. */
  packageOf(path: string): ImportTarget | undefined {
    // A whole project may be inside node_modules, if it was installed as a program.
    const below = wayBelow(this.#root, path);
    const shown = below === undefined ? path : sep + below;
    const at = shown.lastIndexOf(NODE_MODULES);
    if (at < 0) return undefined;
    const rest = shown.slice(at + NODE_MODULES.length);
    const name = packageNameOf(rest.split(sep).join('/')) ?? rest;
    const above = (below === undefined ? '' : this.#root) + shown.slice(0, at);
    return this.#packageIn(join(above, 'node_modules', name), name);
  }

  #targetOf(specifier: string, importer: string): ImportTarget {
    const isTypeScript = TYPESCRIPT.test(importer);
    if (/^\.{0,2}\/|^\.\.?$/.test(specifier)) {
      for (const written of spellingsOf(specifier)) {
        const found = fileAt(resolve(dirname(importer), written), isTypeScript);
        if (found !== undefined) return this.#files([found]);
      }
      return NOWHERE;
    }
    if (specifier.startsWith('file:')) {
      const found = fileAt(fileURLToPath(specifier), isTypeScript);
      return found === undefined ? NOWHERE : this.#files([found]);
    }
    if (/^[a-z][a-z\d+.-]*:/i.test(specifier)) return NOWHERE;
    for (const alias of this.#aliasesOf(specifier)) {
      const found = fileAt(alias, isTypeScript);
      if (found !== undefined) return this.#files([found]);
    }
    return this.#packageNamed(specifier, importer);
  }

  #packageNamed(specifier: string, importer: string): ImportTarget {
    const name = packageNameOf(specifier);
    const folder = name === undefined || specifier.startsWith('#') ? undefined : packageFolder(name, dirname(importer));
    const found = folder === undefined ? undefined : this.packageOf(join(folder, 'package.json'));
    if (found) return found;
    // A package that is linked from elsewhere, its own name, or one of its `imports`.
    const paths = [
      () => fileURLToPath(resolveSpecifier(specifier, pathToFileURL(importer).href)),
      () => createRequire(importer).resolve(specifier),
    ].flatMap((way) => existing(way) ?? []);
    return paths.length > 0 ? this.#files([...new Set(paths)]) : NOWHERE;
  }

  #files(paths: readonly string[]): ImportTarget {
    return this.packageOf(paths[0]!) ?? { to: 'files', paths };
  }

  #packageIn(folder: string, name: string): ImportTarget {
    const known = this.#packages.get(folder);
    if (known) return known;
    const target: ImportTarget = { to: 'package', ...nameAndVersion(folder, name) };
    this.#packages.set(folder, target);
    return target;
  }
}

/** The target of an import: local files, a package by name and version, a module of Node itself, or nothing. */
export type ImportTarget =
  | { readonly to: 'files'; readonly paths: readonly string[] }
  | { readonly to: 'package'; readonly name: string; readonly version: string }
  | { readonly to: 'built-in' | 'nowhere' };

const NOWHERE: ImportTarget = { to: 'nowhere' };

function pathsMatcher(root: string): (specifier: string) => readonly string[] {
  const none = (): readonly string[] => [];
  try {
    const path = tsconfigOf(root);
    return (path !== undefined && createPathsMatcher({ path, config: parseTsconfig(path) })) || none;
  } catch {
    // It cannot be read: the compiler of the code will report it.
    return none;
  }
}

/** Returns a relative specifier as CommonJS reads it, and as an ES module does: a URL. */
function spellingsOf(specifier: string): string[] {
  const [path = ''] = specifier.split(/[?#]/, 1);
  try {
    return [...new Set([specifier, path, decodeURIComponent(path)])];
  } catch {
    return [specifier, path];
  }
}

/** Returns the nearest folder of a package, with links followed. */
function packageFolder(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return realPathOf(path);
    if (dirname(folder) === folder) return undefined;
  }
}

function nameAndVersion(folder: string, name: string): { readonly name: string; readonly version: string } {
  try {
    const read = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown; version?: unknown };
    return { name: String(read.name ?? name), version: String(read.version ?? '') };
  } catch {
    return { name, version: '' };
  }
}

/** Returns the file that a path names, with links followed: itself, with another ending, or the main file of a folder. */
function fileAt(path: string, isTypeScript: boolean, mayHaveMain = true): string | undefined {
  const substitutes = substitutesOf(path);
  const endings = isTypeScript ? TYPESCRIPT_ENDINGS : ENDINGS;
  const isCompiled = extname(path).includes('j');
  const candidates = [
    ...(isTypeScript && isCompiled ? [...substitutes, path] : [path, ...substitutes]),
    ...endings.map((ending) => path + ending),
  ];
  const file = candidates.find(isFile);
  if (file !== undefined) return realPathOf(file);
  if (!mayHaveMain || !statOf(path)?.isDirectory()) return undefined;
  const main = mainOf(path);
  const found = main === undefined ? undefined : fileAt(join(path, main), isTypeScript, false);
  if (found !== undefined) return found;
  const index = endings.map((ending) => join(path, `index${ending}`)).find(isFile);
  return index === undefined ? undefined : realPathOf(index);
}

function mainOf(folder: string): string | undefined {
  try {
    const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { main?: unknown };
    return typeof main === 'string' ? main : undefined;
  } catch {
    return undefined;
  }
}

/** The path that a way finds, if there is a file. */
function existing(way: () => string): string | undefined {
  try {
    const path = realPathOf(way());
    return path !== undefined && isFile(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

const isFile = (path: string): boolean => statOf(path)?.isFile() === true;

/** Returns `undefined` if nothing is there, or it cannot be looked at: a loop of links, a name that is too long, no permission. */
function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
