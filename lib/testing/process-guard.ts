import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Reads `+ pid` and `- pid`. At the end of its input it kills the processes that are left. It ignores signals from the terminal. */
const SCRIPT = `
trap '' HUP INT TERM
pids=
while read -r sign pid; do
  kept=
  for one in $pids; do [ "$one" = "$pid" ] || kept="$kept $one"; done
  pids=$kept
  [ "$sign" = + ] && pids="$pids $pid"
done
for one in $pids; do kill -KILL "$one"; done 2>/dev/null
`;

/**
 * Ensures that processes do not outlive this one, however it ends; also those that are paused or too busy to notice. It is a small process
 * that lives as long as its standard input is open. Without `sh` there is no guard.
 */
export class ProcessGuard {
  #guard: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  add(pid: number): void {
    this.#guard ??= this.#start();
    this.#tell(`+ ${pid}`);
  }

  /** The process has ended: its number may soon belong to another. */
  remove(pid: number): void {
    this.#tell(`- ${pid}`);
  }

  /** Resolves when the guard has ended, after all that it still had to guard. */
  async stop(): Promise<void> {
    this.#guard?.stdin?.end();
    await this.#ended;
  }

  #start(): ChildProcess {
    const guard = spawn('/bin/sh', ['-c', SCRIPT, 'handoff-dag-testing-guard'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ignore = (): void => {};
    guard.stdin!.on('error', ignore);
    this.#ended = once(guard, 'close').catch(ignore);
    return guard;
  }

  #tell(line: string): void {
    this.#guard?.stdin?.write(`${line}\n`);
  }
}
