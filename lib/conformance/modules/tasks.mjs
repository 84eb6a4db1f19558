// What an isolation is asked to run by its laws: good code and bad. Plain JavaScript, the same from sources and in the package.
import { NonRetryableError } from '../../base/index.js';
import { currentFunction } from '../../executor/index.js';

export const add = (a, b) => a + b;
export const list = (...given) => given;
export const later = async (value) => value;
export const fail = (message) => {
  throw Object.assign(new RangeError(message), { code: 'E_OWN', detail: { n: 1 } });
};
export const failLater = (message) => Promise.reject(new TypeError(message));
export const failForGood = () => {
  throw new NonRetryableError('never again');
};
export const throwText = () => {
  throw 'only text';
};
export const throwNothing = () => {
  throw undefined;
};
export const rejectTwice = () =>
  new Promise((_resolve, reject) => {
    reject(new Error('first'));
    reject(new Error('second'));
  });
export const notAValue = () => ({ rows: [1, { callback: () => 1 }] });
export const pushTo = (items) => items.push(1);
export const who = () => {
  const { dagId, runId, functionId, attempt, node } = currentFunction();
  return { dagId, runId, functionId, attempt, node };
};
export const whoLater = async () => {
  await new Promise((resolve) => setImmediate(resolve));
  return who();
};
export const say = (...lines) => {
  for (const line of lines) console.log(line);
  console.error('to stderr');
  process.stdout.write('unfinished');
  return lines.length;
};
export const untilAborted = () =>
  new Promise((resolve) => {
    const { signal } = currentFunction();
    console.log('begun');
    signal.addEventListener('abort', () => resolve(signal.reason.code));
  });
export const never = () => {
  console.log('begun');
  return new Promise(() => {});
};
export const notAFunction = 42;
