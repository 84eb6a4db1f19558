import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveSpecifier } from 'import-meta-resolve';
import { HandoffError, textOf } from '../../base/index.js';
import { packageNameOf, realPathOf, substitutesOf, wayBelow } from './paths.js';

/** Where code is searched: an absolute folder, and the node it is on. */
export interface CodeRoot {
  readonly root: string;
  readonly node: string;
}

/** The extensions of module files, which Node or tsx can evaluate. No other file is ever read or evaluated. */
export const MODULE_EXTENSION = /\.(?:[cm]?[jt]s|[jt]sx)$/;

/** The longest module name, characters. Linux opens no longer path. */
const LONGEST_NAME = 4096;
/** The largest file of a module, bytes: it is read whole, to be evaluated or compared. */
export const LARGEST_MODULE_BYTES = 64 * 2 ** 20;
/** How many links are followed by hand, as in Linux. */
const MOST_LINKS = 40;

/**
 * Resolves the module of a reference to a `file:` URL: a file below `root`, with links followed, or a module of a package that the
 * `package.json` at `root` depends on. Only regular files of up to 64 MiB with the extension of a module are found.
 *
 * Throws `HANDOFF_CODE_NOT_FOUND` with the node, the path and what was searched, whatever the disk reports about a name, and nothing else.
 */
export function resolveModule(module: string, place: CodeRoot): string {
  const refuse: Refuse = (why, cause) => moduleNotFound(module, place, why, cause);
  const { root } = place;
  if (module.length > LONGEST_NAME) throw refuse(`its name is longer than ${LONGEST_NAME} characters`);
  if (module === '') throw refuse('its name is empty');
  if (module.endsWith('/')) throw refuse('its name is that of a folder');
  try {
    if (module.startsWith('file:')) return fileBelow(pathOfUrl(module, refuse), root, refuse);
    if (module.includes('\0')) throw refuse('its name holds a NUL character');
    if (/^[a-z][a-z\d+.-]*:/i.test(module)) throw refuse(`${module.slice(0, module.indexOf(':') + 1)} modules are not allowed`);
    if (isAbsolute(module) || module.includes('\\')) throw refuse('absolute paths are not allowed');
    const path = resolve(root, module);
    if (module.startsWith('.')) return fileBelow(path, root, refuse);
    return (MODULE_EXTENSION.test(module) && foundBelow(path, root, refuse)) || packageModule(module, root, refuse);
  } catch (error) {
    // The disk may change, or refuse, between two look-ups.
    throw HandoffError.is(error) ? error : refuse(textOf(error), error);
  }
}

/**
 * Resolves a module that the user of a node has named, not another node: a `file:` URL may lead anywhere. Throws as `resolveModule` does,
 * with an error whose text says what is wrong.
 */
export function resolveOwnModule(module: string, place: CodeRoot): string {
  if (!module.startsWith('file:')) return resolveModule(module, place);
  const refuse: Refuse = (why, cause) =>
    new HandoffError('HANDOFF_CODE_NOT_FOUND', `${module}: ${why}`, { path: module, reason: why, cause });
  const path = pathOfUrl(module, refuse);
  if (!MODULE_EXTENSION.test(path)) throw refuse('names of modules end in .js, .mjs, .cjs, .jsx, .ts, .mts, .cts or .tsx');
  if (!isModuleFile(path, refuse)) throw refuse('there is no such file');
  return pathToFileURL(realpathSync(path)).href;
}

/** Returns the `HANDOFF_CODE_NOT_FOUND` of a module. */
export function moduleNotFound(module: string, { root, node }: CodeRoot, why: string, cause?: unknown): HandoffError {
  const path = module.length > LONGEST_NAME ? `${module.slice(0, LONGEST_NAME)}…` : module;
  const shown = JSON.stringify(module.length > 300 ? `${module.slice(0, 300)}…` : module);
  const message = `Cannot load module ${shown} on node ${JSON.stringify(node)} below ${root}: ${why}`;
  return new HandoffError('HANDOFF_CODE_NOT_FOUND', message, {
    node,
    path,
    reason: why,
    ...(cause !== undefined && { cause }),
  });
}

type Refuse = (why: string, cause?: unknown) => HandoffError;

function pathOfUrl(url: string, refuse: Refuse): string {
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch (cause) {
    throw refuse('it is no valid file: URL', cause);
  }
  if (path.includes('\0')) throw refuse('its name holds a NUL character');
  if (path.endsWith(sep)) throw refuse('its name is that of a folder');
  return path;
}

function fileBelow(path: string, root: string, refuse: Refuse): string {
  const found = foundBelow(path, root, refuse);
  if (found !== undefined) return found;
  const shown = relative(root, path);
  throw refuse(
    MODULE_EXTENSION.test(path)
      ? `there is no file ${shown}`
      : `there is no file ${shown} that is a module: names of modules end in .js, .mjs, .cjs, .jsx, .ts, .mts, .cts or .tsx`,
  );
}

/**
 * Returns the URL of the module at a path, or of its alternative. Throws if the path is outside of `root`, in the same words whether it
 * exists or not.
 */
function foundBelow(path: string, root: string, refuse: Refuse): string | undefined {
  const realRoot = realpathSync(root);
  // Checked before the disk is asked, so that nobody learns which files exist outside.
  if (!isBelow(path, root) && !isBelow(path, realRoot)) throw refuse('it lies outside root');
  if (!MODULE_EXTENSION.test(extname(path))) {
    if (leadsOutside(path, realRoot)) throw refuse('it lies outside root once links are followed');
    return undefined;
  }
  for (const candidate of [path, ...substitutesOf(path)]) {
    const real = realPathOf(candidate);
    if (real === undefined ? leadsOutside(candidate, realRoot) : !isBelow(real, realRoot)) {
      throw refuse('it lies outside root once links are followed');
    }
    if (real !== undefined && MODULE_EXTENSION.test(real) && isModuleFile(real, refuse)) return pathToFileURL(real).href;
  }
  return undefined;
}

/** Whether there is a regular file, and not a folder, FIFO, socket or device. Throws if it is too large for a module. */
function isModuleFile(path: string, refuse: Refuse): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) return false;
  if (stats.size > LARGEST_MODULE_BYTES) {
    throw refuse(`it is larger than the ${LARGEST_MODULE_BYTES / 2 ** 20} MiB that a module may have`);
  }
  return true;
}

/** Whether a path with a missing part leaves `root` through a link before it reaches that part. */
function leadsOutside(path: string, realRoot: string, linksLeft = MOST_LINKS): boolean {
  let there = path;
  const rest: string[] = [];
  let isLink = linkAt(there);
  while (isLink === undefined && dirname(there) !== there) {
    rest.unshift(basename(there));
    there = dirname(there);
    isLink = linkAt(there);
  }
  const real = realPathOf(there);
  if (real !== undefined) return !isBelow(real, realRoot);
  const folder = realPathOf(dirname(there));
  if (!isLink || folder === undefined || !isBelow(folder, realRoot)) return folder !== undefined && !isBelow(folder, realRoot);
  return linksLeft > 0 && leadsOutside(resolve(folder, readlinkSync(there), ...rest), realRoot, linksLeft - 1);
}

/** Whether the path is a link; `undefined` if it does not exist. */
function linkAt(path: string): boolean | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  } catch {
    return undefined;
  }
}

const isBelow = (path: string, root: string): boolean => wayBelow(root, path) !== undefined;

function packageModule(specifier: string, root: string, refuse: Refuse): string {
  const name = packageNameOf(specifier);
  // A path leaves the package if it climbs, or would climb once decoded.
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
  const path = realpathSync(fileURLToPath(url));
  if (!MODULE_EXTENSION.test(path) || !isModuleFile(path, refuse)) throw refuse('what the package has there is no module');
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
