#!/usr/bin/env node
/*
 * The way in, and the last resort. It needs nothing but Node, as everything else may be what is broken: no more file descriptors, a package
 * that is not installed. It hears signals and errors from the first moment on; `main` takes both over once it is loaded.
 */
import { writeSync } from 'node:fs';
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

const entry: Entry = { onSignal: () => process.exit(INTERRUPTED), onUncaught: lastResort, lastResort };
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => entry.onSignal());
process.on('uncaughtException', (error) => entry.onUncaught(error));
process.on('unhandledRejection', (reason) => entry.onUncaught(reason));
try {
  const { main } = await import('./main.js');
  await main(entry);
} catch (error) {
  lastResort(error);
}
