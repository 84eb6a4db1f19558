/** Takes at least so long, by the clock by which attempts are measured. */
const busy = (ms) => {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
};

export const one = () => 1;
export const add = (a, b) => a + b;
export const busyFor = (ms) => {
  busy(ms);
  return ms;
};
export const busyFail = (ms) => {
  busy(ms);
  throw new Error('after all');
};
export const mebibyte = () => new Uint8Array(2 ** 20).fill(7);
export const sizeOf = (bytes) => bytes.length;
export const rows = (count) => Array.from({ length: count }, (_, row) => ({ row, name: `row ${row}`, tags: ['a', 'b'] }));
export const spin = () => {
  for (;;) Math.random();
};
