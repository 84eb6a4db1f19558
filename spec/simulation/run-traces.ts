import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { traceRuns } from '../../lib/runner/trace/tracing.js';

/** Does `work`. If that fails, writes the traces of the runs within it, and names them in the error's message, for `handoff replay`. */
export async function withTraces<T>(seed: number, work: () => Promise<T>, folder = join(tmpdir(), 'handoff-simulate')): Promise<T> {
  const traces = new Map<string, string[]>();
  const stop = traceRuns((runId, header) => {
    const lines = [header];
    traces.set(runId, lines);
    return (line) => void lines.push(line);
  });
  try {
    return await work();
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${written(folder, seed, traces)}`, { cause: error });
  } finally {
    stop();
  }
}

function written(folder: string, seed: number, traces: ReadonlyMap<string, readonly string[]>): string {
  if (traces.size === 0) return 'It has begun no run.';
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = [...traces].map(([runId, lines]) => {
    const { plan } = JSON.parse(lines[0]!) as { plan: { dagId: string } };
    const file = join(folder, `seed-${seed}-${plan.dagId}-${runId}.trace`);
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    return `  handoff replay ${file}`;
  });
  return `What its runs went through:\n${files.join('\n')}`;
}
