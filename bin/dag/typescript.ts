import { pathToFileURL } from 'node:url';
import { resolve } from 'import-meta-resolve';
import { UsageError } from '../exit-codes.js';

/** Whether Node needs to be taught to load the file. */
export const isTypeScript = (path: string): boolean => /\.[cm]?tsx?$/.test(path);

/**
 * Lets this process import the TypeScript file at `path`: with the tsx that its own project has, else the one beside this package, else by
 * Node's own type stripping. `UsageError` where there is none of these.
 */
export async function registerTypeScript(path: string, shown: string): Promise<void> {
  for (const from of [pathToFileURL(path).href, import.meta.url]) {
    const urls = ['tsx/esm/api', 'tsx/cjs/api'].map((api) => resolved(api, from));
    const [esm, cjs] = urls;
    if (esm === undefined || cjs === undefined) continue;
    for (const url of [esm, cjs]) ((await import(url)) as { register(): unknown }).register();
    return;
  }
  if ((process.features as { readonly typescript?: unknown }).typescript) return;
  throw new UsageError(
    `Cannot load module "${shown}": it is TypeScript, and this Node needs tsx for it. Install tsx beside it: npm install --save-dev tsx`,
  );
}

function resolved(specifier: string, from: string): string | undefined {
  try {
    return resolve(specifier, from);
  } catch {
    return undefined;
  }
}
