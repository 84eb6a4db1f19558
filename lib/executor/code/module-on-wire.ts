import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { keepNewest } from '../../base/index.js';
import { wayBelow } from './paths.js';

const MODULES_KEPT = 1000;
const onWire = new Map<string, string>();
let last = { module: '', root: '', known: '' };

/** Returns a module as every node finds it below its own root: a path below the driver's root becomes relative to it. */
export function moduleOnWire(module: string, root: string): string {
  if (module === last.module && root === last.root) return last.known;
  if (!module.startsWith('file:')) return module;
  // Computing a path takes 4 µs, and each attempt names one. Bounded: the oldest is dropped first.
  const key = `${root}\n${module}`;
  let known = onWire.get(key);
  if (known === undefined) {
    known = relativeToRoot(module, root);
    keepNewest(onWire, key, known, MODULES_KEPT);
  }
  last = { module, root, known };
  return known;
}

function relativeToRoot(module: string, root: string): string {
  try {
    const path = fileURLToPath(module);
    // A module knows its own real path; a root may be given by a link.
    return pathBelow(root, path) ?? pathBelow(realpathSync(root), path) ?? module;
  } catch {
    // It is no path, or there is no root. Loading fails and reports it.
    return module;
  }
}

function pathBelow(root: string, path: string): string | undefined {
  const way = wayBelow(root, path);
  return way === undefined ? undefined : `./${way.split(sep).join('/')}`;
}

/** Returns what `moduleOnWire` has made relative to the root of another node as a module below that of this one. */
export const moduleBelow = (module: string, root: string): string =>
  module.startsWith('./') ? pathToFileURL(join(root, module)).href : module;
