import { readFileSync } from 'node:fs';

/** The interval at which npx is looked for, ms. */
const LOOK_MS = 1000;

/**
 * Calls `onGone` once npx, which started this process, has ended. npx passes no SIGTERM on, and would leave a node behind that nobody can
 * end. Does nothing if npx did not start this process itself, or if there is no /proc.
 */
export function whenNpxIsGone(onGone: () => void): void {
  if (process.env.npm_command !== 'exec') return;
  const shell = process.ppid;
  // npx starts a shell, which may be replaced by its command.
  const above = parentOf(shell);
  const npx = [shell, above].find((pid) => pid !== undefined && /(^|[/\0 ])(npm exec|npx)\b/.test(commandOf(pid)));
  if (npx === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === shell && (npx === shell || parentOf(shell) === npx)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS);
  timer.unref();
}

/** Returns `undefined` for a process that is gone, or cannot be seen. */
function parentOf(pid: number): number | undefined {
  try {
    const [, parent] = /\) \w (\d+) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return parent === undefined ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
