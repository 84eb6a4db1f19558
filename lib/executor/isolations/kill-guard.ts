import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from '../../base/index.js';

/** Reads what exists. When its writer is gone, it kills what is left. It ignores signals from the terminal. */
const SCRIPT = `
trap '' HUP INT TERM
watched=' '
while read -r verb target; do
  rest=' '
  for one in $watched; do [ "$one" = "$target" ] || rest="$rest$one "; done
  watched=$rest
  [ "$verb" = watch ] && watched="$watched$target "
done
for one in $watched; do kill -s KILL -- "$one" 2>/dev/null; done
`;

/**
 * A shell that outlives this process for a moment. If this process ends abruptly, the shell kills its child processes, or their groups.
 * Each child ends by itself then, but not while it is paused or its loop is blocked, nor does what it started. A target is a number as
 * `kill` takes it: a process, or a group if negative. Without `sh` there is no guard.
 */
export class KillGuard {
  readonly #logger: Logger;
  readonly #targets = new Set<number>();
  #shell: ChildProcess | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a target. */
  watch(target: number): void {
    this.#targets.add(target);
    if (this.#shell) this.#write(`watch ${target}\n`);
    else this.#start();
  }

  /** Removes a target that has ended: its number may soon belong to another. */
  forget(target: number): void {
    this.#targets.delete(target);
    this.#write(`forget ${target}\n`);
  }

  /** Ends the shell, which kills what it still watches. Resolves when it has. */
  async close(): Promise<void> {
    const shell = this.#shell;
    if (!shell) return;
    shell.ref();
    shell.stdin?.end();
    await once(shell, 'exit').catch(() => {});
  }

  #start(): void {
    if (process.platform === 'win32') return;
    try {
      this.#shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
    } catch (error) {
      this.#failed(error);
      return;
    }
    const shell = this.#shell;
    const gone = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.on('error', (error) => {
      gone();
      this.#failed(error);
    });
    shell.on('exit', gone);
    shell.unref();
    shell.stdin?.on('error', gone);
    (shell.stdin as unknown as { unref(): void } | null)?.unref();
    for (const target of this.#targets) this.#write(`watch ${target}\n`);
  }

  #write(line: string): void {
    this.#shell?.stdin?.write(line);
  }

  #failed(error: unknown): void {
    this.#logger.warn(
      { err: error },
      'processes of functions that are blocked would outlive this one, if that is killed: there is no shell to guard them',
    );
  }
}
