import { currentFunction } from 'handoff-dag';

/** Counts the primes from `from` up to `to`, and says where. */
export function countPrimes(from: number, to: number): { node: string; count: number } {
  let count = 0;
  for (let n = Math.max(2, from); n < to; n += 1) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= n && isPrime; divisor += 1) isPrime = n % divisor !== 0;
    if (isPrime) count += 1;
  }
  return { node: currentFunction().node, count };
}

/** The counts of all parts. */
export function sum(parts: readonly { node: string; count: number }[]): { nodes: string[]; primes: number } {
  return { nodes: [...new Set(parts.map(({ node }) => node))].sort(), primes: parts.reduce((all, { count }) => all + count, 0) };
}
