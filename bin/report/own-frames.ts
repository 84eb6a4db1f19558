import { createRequire } from 'node:module';
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = dirname(createRequire(import.meta.url).resolve('handoff-dag/package.json'));
const ENGINE = ['dist', 'lib', 'bin'].map((folder) => `${PACKAGE}${sep}${folder}${sep}`);
/** The path in a frame. */
const PATH = /(?<=^at (?:async )?|\()(?:[A-Za-z]:)?[\\/].*?(?=:\d+(?::\d+)?\)?$)/;
const ENGINE_PACKAGES = /[\\/]node_modules[\\/](?:nact|tsx|commander|handoff-dag)[\\/]/;

/**
 * Returns the frames of a stack that belong to the user's code: none of this package, of the packages that run functions, or of Node
 * beneath them. Paths below the working directory are made relative.
 */
export function ownFrames(stack: string | undefined): string[] {
  const frames = (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => withPath(line.trim()))
    .filter((frame) => !isEngine(frame));
  // The rest below the last frame of a file is how Node called it: `new Promise`, `AsyncLocalStorage.run`.
  return frames.slice(0, frames.findLastIndex((frame) => PATH.test(frame)) + 1).map(shortened);
}

/** Returns a text that contains printed errors, as `inspect` writes them, with the user's frames only. */
export function withOwnFrames(text: string): string {
  return text.replace(/(\n\s+)(at [^\n]*?)(?= \{\n|\n|$)/g, (_whole, indent: string, given: string) => {
    const frame = withPath(given);
    return isEngine(frame) || !PATH.test(frame) ? '' : indent + shortened(frame);
  });
}

const withPath = (frame: string): string => frame.replace(/file:\/\/[^\s)]+?(?=:\d+(?::\d+)?\)?$)/, pathOf);
const isEngine = (frame: string): boolean =>
  frame.includes('node:internal') || ENGINE_PACKAGES.test(frame) || ENGINE.some((path) => frame.includes(path));
const shortened = (frame: string): string => frame.replace(PATH, (path) => near(path, process.cwd()));

function pathOf(url: string): string {
  try {
    // The part after ? distinguishes copies of a module.
    return fileURLToPath(url.replace(/\?.*$/, ''));
  } catch {
    return url;
  }
}

function near(path: string, folder: string): string {
  const way = relative(folder, path);
  return way.startsWith('..') ? path : way;
}
