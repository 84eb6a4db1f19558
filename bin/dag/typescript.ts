import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve } from 'import-meta-resolve';
import { UsageError } from '../exit-codes.js';

/** Whether Node needs a loader for the file. */
export const isTypeScript = (path: string): boolean => /\.(?:[cm]?ts|[jt]sx)$/.test(path);

interface EsmApi {
  register(options: { readonly tsconfig: string | false }): unknown;
}

/**
 * Lets this process import the TypeScript file at `path`: with the tsx of its own project, else the one beside this package, else by Node's
 * own type stripping. It is compiled by the nearest `tsconfig.json` at or above its folder, unless `TSX_TSCONFIG_PATH` names one. Throws
 * `UsageError` if nothing can load it.
 */
export async function registerTypeScript(path: string, shown: string): Promise<void> {
  for (const from of [pathToFileURL(path).href, import.meta.url]) {
    const [esm, cjs] = ['tsx/esm/api', 'tsx/cjs/api'].map((api) => resolved(api, from));
    if (esm === undefined || cjs === undefined) continue;
    const { TSX_TSCONFIG_PATH: given } = process.env;
    const tsconfig = given || nearestTsconfig(dirname(path));
    ((await import(esm)) as EsmApi).register({ tsconfig: tsconfig ?? false });
    const { register } = (await import(cjs)) as { register(): unknown };
    // tsx reads this when it registers. If there is no tsconfig, it gets a JSON file without compiler options: else it would search the
    // working directory.
    process.env.TSX_TSCONFIG_PATH = tsconfig ?? createRequire(import.meta.url).resolve('handoff-dag/package.json');
    register();
    if (given === undefined) delete process.env.TSX_TSCONFIG_PATH;
    else process.env.TSX_TSCONFIG_PATH = given;
    return;
  }
  if ((process.features as { readonly typescript?: unknown }).typescript) return;
  throw new UsageError(
    `Cannot load module "${shown}": it is TypeScript, and this Node needs tsx for it. Install tsx beside it: npm install --save-dev tsx`,
  );
}

function nearestTsconfig(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'tsconfig.json');
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

function resolved(specifier: string, from: string): string | undefined {
  try {
    return resolve(specifier, from);
  } catch {
    return undefined;
  }
}
