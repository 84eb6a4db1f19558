import { readFileSync } from 'node:fs';
import { currentFunction, NonRetryableError } from 'handoff-dag';

export const range = (count) => Array.from({ length: count }, (_, at) => at);
export const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

export function parse(row) {
  try {
    return readRow(row);
  } catch (cause) {
    throw new RangeError(`row ${row} cannot be parsed`, { cause });
  }
}

function readRow(row) {
  throw Object.assign(new TypeError('a letter where a digit should be'), { column: row + 2 });
}

export const failForGood = () => {
  throw new NonRetryableError('the disk is gone');
};

export const throwText = () => {
  throw 'only text';
};

export function flaky(attempts) {
  const { attempt } = currentFunction();
  if (attempt < attempts) throw new Error(`not on attempt ${attempt}`);
  return attempt;
}

export function say(...lines) {
  for (const line of lines) console.log(line);
  return lines.length;
}

export function untilAborted() {
  console.log('waiting');
  const { signal } = currentFunction();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** Hears nothing, and can only be ended. */
export function spin() {
  console.log('spinning');
  for (;;) Math.random();
}

/** Blocks its thread in a system call until the FIFO at `path` is written. */
export const readFifo = (path) => readFileSync(path, 'utf8');

export const double = (n) => 2 * n;
