import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from '../../base/index.js';

/** Reads which groups exist. When its writer is gone, it kills what is left of them. */
const SCRIPT = `
trap '' HUP INT TERM
groups=' '
while read -r verb group; do
  rest=' '
  for one in $groups; do [ "$one" = "$group" ] || rest="$rest$one "; done
  groups=$rest
  [ "$verb" = watch ] && groups="$groups$group "
done
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done
`;

/**
 * A shell that outlives this process for a moment. If this process ends abruptly, the shell kills the groups of its child processes. Each
 * child ends by itself then, but not while its loop is blocked, nor does what it started.
 */
export class GroupGuard {
  readonly #logger: Logger;
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a group. `group` is the id of its leading process. */
  watch(group: number): void {
    this.#groups.add(group);
    if (this.#shell) this.#write(`watch ${group}\n`);
    else this.#start();
  }

  /** Removes a group that has ended. */
  forget(group: number): void {
    this.#groups.delete(group);
    this.#write(`forget ${group}\n`);
  }

  /** Ends the shell, which kills what it still watches. */
  close(): void {
    this.#shell?.stdin?.end();
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
    for (const group of this.#groups) this.#write(`watch ${group}\n`);
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
