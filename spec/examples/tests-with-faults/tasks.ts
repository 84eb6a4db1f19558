import { setTimeout } from 'node:timers/promises';

/** What so many pieces cost; asks a slow price list. */
export async function price(pieces: number): Promise<number> {
  await setTimeout(20);
  return pieces * 3;
}

export const total = (prices: readonly number[]): number => prices.reduce((a, b) => a + b, 0);
