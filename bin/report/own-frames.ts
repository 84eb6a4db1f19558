import { createRequire } from 'node:module';
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = dirname(createRequire(import.meta.url).resolve('handoff-dag/package.json'));
const ENGINE = ['dist', 'lib', 'bin'].map((folder) => `${PACKAGE}${sep}${folder}${sep}`);
const ENGINE_PACKAGES = /[\\/]node_modules[\\/](?:piscina|nact|tsx|handoff-dag)[\\/]/;

/**
 * The frames of a stack that are the user's: not those of this package, of what it runs functions with, and of Node's inside. Paths below
 * `folder` are relative to it.
 */
export function ownFrames(stack: string | undefined, folder: string = process.cwd()): string[] {
  return (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim().replace(/file:\/\/[^\s)]+?(?=:\d+(?::\d+)?\)?$)/, pathOf))
    .filter((frame) => !frame.includes('node:internal') && !ENGINE_PACKAGES.test(frame) && !ENGINE.some((path) => frame.includes(path)))
    .map((frame) => frame.replace(/(?<=^at |\()([\\/].*?)(?=:\d+(?::\d+)?\)?$)/, (path) => near(path, folder)));
}

function pathOf(url: string): string {
  try {
    // What follows a ? tells copies of a module apart.
    return fileURLToPath(url.replace(/\?.*$/, ''));
  } catch {
    return url;
  }
}

function near(path: string, folder: string): string {
  const way = relative(folder, path);
  return way.startsWith('..') ? path : way;
}
