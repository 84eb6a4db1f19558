import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../exit-codes.js';

/** A `<module>` argument of the command line. */
export interface ModulePath {
  /** The module as it was given, without the export. */
  readonly shown: string;
  /** The absolute path of the file. */
  readonly path: string;
  readonly exportName: string | undefined;
}

/**
 * Reads `path`, `path#export` or a `file:` URL of either. A file whose name contains a `#` wins over an export. Throws `UsageError` if
 * there is no such file.
 */
export function modulePath(given: string): ModulePath {
  const isUrl = given.startsWith('file:');
  const at = given.lastIndexOf('#');
  if (at < 0 || (!isUrl && isFile(resolve(given)))) return checked(given, undefined);
  const exportName = given.slice(at + 1);
  if (exportName === '') throw new UsageError(`Cannot load module "${given}": nothing follows the #, which names an export`);
  return checked(given.slice(0, at), exportName);
}

function checked(shown: string, exportName: string | undefined): ModulePath {
  const refuse = (why: string): UsageError => new UsageError(`Cannot load module "${shown}": ${why}`);
  const path = shown.startsWith('file:') ? pathOfUrl(shown) : resolve(shown);
  const kind = kindAt(path);
  if (kind === 'nothing') throw refuse('there is no such file');
  if (kind === 'other') throw refuse('it is not a file');
  if (!EXTENSION.test(path)) throw refuse('it is no module: names of modules end in .js, .mjs, .cjs, .jsx, .ts, .mts, .cts, .tsx or .json');
  return { shown, path, exportName };
}

/** The files that can be read or evaluated. Anything else is no module. */
const EXTENSION = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new UsageError(`Cannot load module "${url}": it is no valid file: URL`, { cause });
  }
}

const isFile = (path: string): boolean => kindAt(path) === 'file';

function kindAt(path: string): 'file' | 'other' | 'nothing' {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return 'nothing';
    return stats.isFile() ? 'file' : 'other';
  } catch {
    // A path through a file (`dag.json/x`), a loop of links, a name that is too long or holds a NUL.
    return 'nothing';
  }
}
