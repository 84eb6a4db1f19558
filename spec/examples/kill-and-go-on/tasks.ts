import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { currentFunction } from 'handoff-dag';

/** Charges a customer at a service that recognises a key which it has seen: here a file with a line for each call. */
export async function charge(service: string, customer: number): Promise<number> {
  const { idempotencyKey } = currentFunction();
  appendFileSync(service, `${customer} ${idempotencyKey}\n`);
  await setTimeout(300);
  return customer * 10;
}

/** The sum of all charges. */
export const total = (charges: readonly number[]): number => charges.reduce((sum, one) => sum + one, 0);
