import { readFileSync } from 'node:fs';

/** How often it is looked whether npx is still there, ms. */
const LOOK_MS = 1000;

/**
 * Calls `onGone` once npx, which started this process, has ended: it passes no SIGTERM on, and would leave a node behind that nobody can
 * end. Does nothing for a process that npx did not start itself, and where there is no /proc to see that by.
 */
export function whenNpxIsGone(onGone: () => void): void {
  if (process.env.npm_command !== 'exec') return;
  const shell = process.ppid;
  // npx starts a shell, which may make way for its command.
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

/** `undefined` for a process that is gone, or cannot be seen. */
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
