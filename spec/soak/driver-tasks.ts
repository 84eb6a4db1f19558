// What the functions of durable runs do: they say that they run, in a file that outlives their process, sleep, and compute.
import { appendFileSync } from 'node:fs';
import { currentFunction } from '../../lib/index.js';

/** A start of a function, as its line in the file says. */
export interface StartLine {
  readonly runId: string;
  readonly functionId: string;
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly pid: number;
}

/** Says that it runs; some time later gives a number made of what it is given. */
export const step = async (given: readonly number[], salt: number, sleepMs: number, file: string): Promise<number> => {
  const { runId, functionId, attempt, idempotencyKey } = currentFunction()!;
  appendFileSync(file, `${JSON.stringify({ runId, functionId, idempotencyKey, attempt, pid: process.pid })}\n`);
  await new Promise((resolve) => setTimeout(resolve, sleepMs));
  return stepped(given, salt);
};

/** What `step` comes to. */
export const stepped = (given: readonly number[], salt: number): number =>
  given.reduce((state, one) => Math.imul(state ^ one, 0x9e3779b1) ^ (state >>> 15), salt);
