import { readFileSync } from 'node:fs';

/** Whether a process has ended, be it that nobody has asked yet how. */
export function isGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}

/** Resolves when all of them have ended. */
export async function whenGone(pids: readonly number[]): Promise<void> {
  while (!pids.every(isGone)) await new Promise<void>((resolve) => setImmediate(resolve));
}
