import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { currentFunction } from 'handoff-dag';

/** Measures a part, and writes into a file that it has begun. */
export async function measure(file: string, part: number): Promise<number> {
  const { functionId, node } = currentFunction();
  appendFileSync(file, `${functionId} on ${node}\n`);
  await setTimeout(200);
  return part * part;
}

/** The sum of all parts. */
export const total = (parts: readonly number[]): number => parts.reduce((sum, one) => sum + one, 0);
