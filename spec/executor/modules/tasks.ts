// What an isolation may be asked to run: good code and bad.
import { NonRetryableError } from '../../../lib/base/index.js';
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';

export const add = (a: number, b: number): number => a + b;
export const list = (...given: unknown[]): unknown[] => given;
export const later = async (value: unknown): Promise<unknown> => value;
export const count = (items: readonly unknown[]): number => items.length;
export const fail = (message: string): never => {
  throw Object.assign(new RangeError(message), { code: 'E_OWN', detail: { n: 1 } });
};
export const failLater = (message: string): Promise<never> => Promise.reject(new TypeError(message));
export const failForGood = (): never => {
  throw new NonRetryableError('never again');
};
export const throwText = (): never => {
  throw 'only text';
};
export const throwNothing = (): never => {
  throw undefined;
};
export const rejectTwice = (): Promise<unknown> =>
  new Promise((_resolve, reject) => {
    reject(new Error('first'));
    reject(new Error('second'));
  });
export const notAValue = (): unknown => ({ rows: [1, { callback: () => 1 }] });
export const pushTo = (items: number[]): number => items.push(1);
export const who = (): unknown => {
  const { dagId, runId, functionId, attempt, node } = currentFunction();
  return { dagId, runId, functionId, attempt, node };
};
export const whoLater = async (): Promise<unknown> => {
  await new Promise((resolve) => setImmediate(resolve));
  return who();
};
export const say = (...lines: string[]): number => {
  for (const line of lines) console.log(line);
  console.error('to stderr');
  process.stdout.write('unfinished');
  return lines.length;
};
export const untilAborted = (): Promise<string> =>
  new Promise((resolve) => {
    const { signal } = currentFunction();
    console.log('begun');
    signal.addEventListener('abort', () => resolve((signal.reason as { code: string }).code));
  });
export const never = (): Promise<never> => {
  console.log('begun');
  return new Promise(() => {});
};
export const notAFunction = 42;

// Only for threads.
export const spin = (flag: Int32Array): never => {
  console.log('begun');
  for (;;) flag[0] = flag[0]! + 1;
};
export const exit = (code: number): never => process.exit(code);
export const throwOutside = (): Promise<never> =>
  new Promise(() => {
    setImmediate(() => {
      throw new RangeError('thrown outside');
    });
  });
export const rejectOutside = (): Promise<never> =>
  new Promise(() => {
    setImmediate(() => void Promise.reject(new RangeError('rejected outside')));
  });
export const leaveTrouble = (): string => {
  setTimeout(() => {
    throw new Error('late trouble');
  }, 1);
  return 'left';
};
export const breathe = async (): Promise<string> => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return 'breathed';
};
export const devour = (): number => {
  // Small objects only: the growth of a long array at the limit would end the whole process.
  let held: unknown;
  for (;;) held = { more: 1, held };
};
export const bytes = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(7);
export const overwrite = (data: Uint8Array): number => data.fill(1).length;
export const first = (data: Uint8Array): number => data[0]!;
export const rows = (howMany: number): { delay: number; distance: number; hour: number }[] =>
  Array.from({ length: howMany }, (_, at) => ({ delay: at % 60, distance: at, hour: (at % 240) / 10 }));
