import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('./alone-entry.mjs', import.meta.url));

/**
 * Calls an exported function of a module beside this file in a process of its own, with the heap that node has by default and nothing in it that others
 * left behind; for an `.mjs` module not even a compiler. Argument and answer cross as JSON. Rejects with what it threw, or when the process ended without an
 * answer.
 */
export function alone<T>(module: string, name: string, argument?: unknown, env: NodeJS.ProcessEnv = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const execArgv = module.endsWith('.mjs') ? ['--expose-gc'] : process.execArgv;
    const child = fork(entry, [module, name, JSON.stringify(argument ?? null)], { execArgv, env: { ...process.env, ...env } });
    child.once('message', ({ answer, error }: { readonly answer?: T; readonly error?: string }) => {
      child.removeAllListeners('exit');
      child.once('exit', () => (error === undefined ? resolve(answer as T) : reject(new Error(error))));
      child.kill();
    });
    child.once('exit', (code, signal) => reject(new Error(`the process of ${name} ended without an answer: ${signal ?? code}`)));
  });
}
