import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../exit-codes.js';

/** A `<module>` of the command line. */
export interface ModulePath {
  /** As it was given, without the export. */
  readonly shown: string;
  /** The file, absolute. */
  readonly path: string;
  readonly exportName: string | undefined;
}

/** Reads `path`, `path#export` or a `file:` URL of either. `UsageError` if there is no such file. A file whose name has a `#` wins over an export. */
export function modulePath(given: string): ModulePath {
  const isUrl = given.startsWith('file:');
  const at = given.lastIndexOf('#');
  if (at < 0 || (!isUrl && isFile(resolve(given)))) return checked(given, undefined);
  const exportName = given.slice(at + 1);
  if (exportName === '') throw new UsageError(`Cannot load module "${given}": nothing follows the #, which names an export`);
  return checked(given.slice(0, at), exportName);
}

function checked(shown: string, exportName: string | undefined): ModulePath {
  const path = shown.startsWith('file:') ? pathOfUrl(shown) : resolve(shown);
  if (isFile(path)) return { shown, path, exportName };
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  throw new UsageError(`Cannot load module "${shown}": ${isThere ? 'it is not a file' : 'there is no such file'}`);
}

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new UsageError(`Cannot load module "${url}": it is no valid file: URL`, { cause });
  }
}

// A path through a file (`dag.json/x`) throws even so.
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}
