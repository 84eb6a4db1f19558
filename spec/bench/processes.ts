import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MeasuredRow } from './comparison.js';
import type { Row } from './measure.js';

const execute = promisify(execFile);
const suite = fileURLToPath(new URL('./index.ts', import.meta.url));
const LONGEST_OUTPUT = 64 * 2 ** 20;

/** Runs one benchmark in a fresh process. Rejects if the benchmark fails there. */
export async function rowsInProcess(name: string, words: readonly string[]): Promise<readonly Row[]> {
  const args = ['--expose-gc', '--import', 'tsx', suite, '--only', name, '--json', ...words];
  const { stdout } = await execute(process.execPath, args, { maxBuffer: LONGEST_OUTPUT });
  return (JSON.parse(stdout) as Record<string, readonly Row[]>)[name] ?? [];
}

/** What several processes came to, row by row. A row without a ratio is none of them. */
export function gathered(runs: readonly (readonly Row[])[]): MeasuredRow[] {
  const rows = new Map<string, { ratios: number[]; cold: number[]; target: string | undefined }>();
  for (const run of runs) {
    const seen = new Set<string>();
    for (const { what: given, ratio, cold, target } of run) {
      if (ratio === undefined || !Number.isFinite(ratio)) continue;
      // A figure may stand beside two floors, in two rows.
      const what = seen.has(given) ? `${given}, once more` : given;
      seen.add(given);
      const row = rows.get(what) ?? { ratios: [], cold: [], target };
      rows.set(what, row);
      row.ratios.push(ratio);
      if (cold !== undefined) row.cold.push(cold);
    }
  }
  return [...rows].map(([what, { ratios, cold, target }]) => ({
    what,
    ratios,
    ...(cold.length > 0 && { cold }),
    ...(target !== undefined && { target }),
  }));
}

/** A process that keeps one core busy until it is disposed of. */
export function spinning(): Disposable {
  const child: ChildProcess = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}
