import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve } from 'import-meta-resolve';

let registered: Promise<boolean> | undefined;

/**
 * Lets this thread import TypeScript, with tsx: the one that the code's own project has, else the one beside this package. Whether it could;
 * once per thread.
 */
export function loadsTypeScript(root: string): Promise<boolean> {
  registered ??= register(root);
  return registered;
}

async function register(root: string): Promise<boolean> {
  for (const from of [pathToFileURL(join(root, 'package.json')).href, import.meta.url]) {
    try {
      const esm = (await import(resolve('tsx/esm/api', from))) as { register(): unknown };
      const cjs = (await import(resolve('tsx/cjs/api', from))) as { register(): unknown };
      esm.register();
      cjs.register();
      return true;
    } catch {
      // Not there: the next place, or whatever this Node can do by itself.
    }
  }
  return false;
}
