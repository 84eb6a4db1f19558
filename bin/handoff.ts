#!/usr/bin/env node
/*
 * The way in, and the last resort. It needs nothing but Node, as everything else may be what is broken: no more file descriptors, a package
 * that is not installed. It hears signals and errors from the first moment on; `main` takes both over once it is loaded.
 */
import { writeSync } from 'node:fs';
import module from 'node:module';
import { isAbsolute, join } from 'node:path';
import type { Entry } from './entry.js';

const FAILED = 1;
const INTERRUPTED = 130;

function lastResort(error: unknown): never {
  const line = `handoff: ${sentence(error)}\n`;
  try {
    // `writeSync` would block for ever on a pipe without a reader.
    process.stderr.write(line);
  } catch {
    try {
      writeSync(2, line);
    } catch {
      // Standard error cannot be written.
    }
  }
  process.exit(FAILED);
}

function sentence(error: unknown): string {
  try {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    if (code === 'EMFILE' || code === 'ENFILE') return `too many open files (${code}): raise the limit, as in ulimit -n 4096`;
    const [, name] = /^Cannot find package '([^']+)'/.exec(String(message)) ?? [];
    if (code === 'ERR_MODULE_NOT_FOUND' && name !== undefined) return `package "${name}" is not installed: npm install ${name}`;
    if (code === 'ERR_MODULE_NOT_FOUND') return `handoff-dag is not installed as a whole, install it again: ${message}`;
    return typeof message === 'string' ? message : String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}

/**
 * Has Node (22.1 and later) keep what it has compiled, in the folder for caches of this user: no other user may write there. Node does
 * without a folder that it cannot write. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` come first.
 */
function keepCompiled(): void {
  const { XDG_CACHE_HOME: given, LOCALAPPDATA: local, HOME: home } = process.env;
  const folder = given || local || (home && join(home, '.cache'));
  try {
    if (folder && isAbsolute(folder)) (module as CompileCache).enableCompileCache?.(join(folder, 'handoff-dag', 'compiled'));
  } catch {
    // It starts without.
  }
}

interface CompileCache {
  enableCompileCache?(folder: string): unknown;
}

const entry: Entry = { onSignal: () => process.exit(INTERRUPTED), onUncaught: lastResort, lastResort };
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => entry.onSignal());
process.on('uncaughtException', (error) => entry.onUncaught(error));
process.on('unhandledRejection', (reason) => entry.onUncaught(reason));
keepCompiled();
try {
  const { main } = await import('./main.js');
  await main(entry);
} catch (error) {
  lastResort(error);
}
