/** The prime factors of a number, smallest first. Blocks its thread, not the server. */
export function factors(n: number): number[] {
  const found: number[] = [];
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) {
    for (; n % divisor === 0; n /= divisor) found.push(divisor);
  }
  return n > 1 ? [...found, n] : found;
}

/** Takes as long as it is told to, unless its request is given up. */
export function work(ms: number): string {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
  return `worked for ${ms} ms`;
}
