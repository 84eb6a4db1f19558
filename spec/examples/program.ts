import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { project } from '../cli/command.js';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
/** The path of an example. */
export const example = (path: string): string => join(project, 'spec/examples', path);

/** Starts a program in TypeScript. */
export function program(...args: readonly string[]): Program {
  return programIn({}, ...args);
}

/** Starts a program in TypeScript with more in its environment. */
export function programIn(more: Readonly<Record<string, string>>, ...args: readonly string[]): Program {
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  const env = { ...inherited, ...more };
  const child = spawn(process.execPath, ['--import', tsx, ...args], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let heard = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      heard();
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, text }));
  const writes = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found) return found;
      await Promise.race([
        new Promise<void>((resolve) => (heard = resolve)),
        ended.then(() => Promise.reject(new Error(`it ended: ${text}`))),
      ]);
    }
  };
  return { child, ended, writes, text: () => text };
}

/** A program in TypeScript, and what it has written so far. */
export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
  /** Resolves as soon as what it has written matches; rejects if it ends before. */
  readonly writes: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly text: () => string;
}
