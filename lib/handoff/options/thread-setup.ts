import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { textOf } from '../../base/index.js';
import { resolveOwnModule } from '../../executor/index.js';

/**
 * Returns the URL of the module that threads and processes load first. Throws `TypeError` for anything but a module that is there. The user
 * of the node names it, not another node: so a path or URL may lead anywhere, unlike those of functions.
 */
export function checkedThreadSetup(given: unknown, place: { readonly root: string; readonly node: string }): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given === '') throw new TypeError('threadSetup must be a module: a path, a file: URL, or a package');
  try {
    return resolveOwnModule(isAbsolute(given) ? pathToFileURL(given).href : given, place);
  } catch (cause) {
    throw new TypeError(`threadSetup must be a module: ${textOf(cause)}`, { cause });
  }
}
