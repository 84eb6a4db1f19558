import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { traceRuns } from '../../lib/runner/trace/tracing.js';

/** Does `work`. If that fails, writes the traces of the runs within it, and names them in the error's message, for `handoff replay`. */
export async function withTraces<T>(seed: number, work: () => Promise<T>, folder = join(tmpdir(), 'handoff-simulate')): Promise<T> {
  // A durable run has one for each of its drivers.
  const traces: { readonly runId: string; readonly lines: string[] }[] = [];
  const stop = traceRuns((runId, header) => {
    const lines = [header];
    traces.push({ runId, lines });
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

function written(folder: string, seed: number, traces: readonly { readonly runId: string; readonly lines: readonly string[] }[]): string {
  if (traces.length === 0) return 'It has begun no run.';
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = traces.map(({ runId, lines }, at) => {
    const before = traces.slice(0, at).filter((one) => one.runId === runId).length;
    const { plan } = JSON.parse(lines[0]!) as { plan: { dagId: string } };
    const file = join(folder, `seed-${seed}-${plan.dagId}-${runId}${before === 0 ? '' : `-${before + 1}`}.trace`);
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    return `  handoff replay ${file}`;
  });
  return `What its runs went through:\n${files.join('\n')}`;
}
