import { realpathSync } from 'node:fs';
import { extname, isAbsolute, relative, sep } from 'node:path';

/** Alternatives for a missing file, by ending: the source of compiled code, and the reverse. */
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

/** Returns the paths that may stand in for one without a file: the same with the ending before or after compilation. */
export function substitutesOf(path: string): readonly string[] {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  return (SUBSTITUTES[ending] ?? []).map((other) => stem + other);
}

/** Returns the way from `root` to a path below it, or to itself; `undefined` if the path lies outside. Does not look at the disk. */
export function wayBelow(root: string, path: string): string | undefined {
  const way = relative(root, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way;
}

/**
 * Returns where a path leads, or `undefined` if it cannot be followed: a missing part, a loop of links, a name that is too long, no
 * permission.
 */
export function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Returns the name of the package at the beginning of a specifier, with its scope. */
export const packageNameOf = (specifier: string): string | undefined => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
