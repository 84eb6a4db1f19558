// Functions that leave their thread in a state in which others cannot run.
import { AsyncLocalStorage } from 'node:async_hooks';
import v8 from 'node:v8';

const hidden = (key: string, value: unknown): unknown =>
  Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });

const SPOILERS: Readonly<Record<string, () => unknown>> = {
  'Array.prototype.map': () => Reflect.set(Array.prototype, 'map', null),
  'JSON.parse': () =>
    Reflect.set(JSON, 'parse', () => {
      throw new Error('no JSON today');
    }),
  'Promise.prototype.then': () => Reflect.set(Promise.prototype, 'then', undefined),
  structuredClone: () => Reflect.set(globalThis, 'structuredClone', null),
  'Object.prototype.added': () => Reflect.set(Object.prototype, 'added', 1),
  'Array.prototype[Symbol.iterator]': () => Reflect.deleteProperty(Array.prototype, Symbol.iterator),
  'Uint8Array.prototype.subarray': () => Reflect.set(Object.getPrototypeOf(Uint8Array.prototype), 'subarray', null),
  'Error constructor': () => Reflect.set(globalThis, 'Error', undefined),
  'Map.prototype.get': () => Reflect.set(Map.prototype, 'get', () => 'wrong'),
  'Reflect.apply': () => Reflect.set(Reflect, 'apply', null),
  'String.prototype.split': () => Reflect.set(String.prototype, 'split', null),
  'fake timers, time runs backwards': () => Reflect.set(performance, 'now', () => -1e9),
  'fake timers, there is no time': () => Reflect.set(performance, 'now', () => Number.NaN),
  'Serializer.prototype.writeValue': () =>
    Reflect.set(v8.Serializer.prototype, 'writeValue', () => {
      throw new Error('changed');
    }),
  'AsyncLocalStorage.prototype.run': () =>
    Reflect.set(AsyncLocalStorage.prototype, 'run', () => {
      throw new Error('changed');
    }),
  'console.log': () => Reflect.set(console, 'log', null),
  'Object.prototype.then, hidden': () => hidden('then', (settled: (value: string) => void) => settled('hijacked')),
  'Object.prototype.get, hidden': () => hidden('get', 7),
  'Object.prototype.extra, hidden': () => hidden('extra', { value: ['wrong'], freeze: false }),
  'Object.prototype.inputs, hidden': () => hidden('inputs', [{ value: 'wrong', freeze: false }]),
  setTimeout: () => Reflect.set(globalThis, 'setTimeout', null),
  'MessagePort.prototype.postMessage': () =>
    Reflect.set(MessagePort.prototype, 'postMessage', () => {
      throw new Error('changed');
    }),
};
export const spoilers = Object.keys(SPOILERS);

export const spoil = (what: string): string => {
  SPOILERS[what]!();
  return 'spoilt';
};
export const spoilAndFail = (what: string): never => {
  process.stdout.write('begun\n');
  SPOILERS[what]!();
  throw new RangeError('my own');
};
/** Uses all of them. */
export const useAll = async (...given: readonly unknown[]): Promise<number> => {
  const [first] = [1, 2].map((n) => JSON.parse(String(n)) as number);
  await new Promise<void>((resolve) => setTimeout(resolve, 1));
  await Promise.resolve(1).then((n) => n + 1);
  const names: string[] = [];
  for (const name in {}) names.push(name);
  if (names.length > 0 || new Map([[1, 2]]).get(1) !== 2 || 'a b'.split(' ').length !== 2) throw new TypeError('spoilt');
  new MessageChannel().port1.postMessage(1);
  new Error('made').message.trim();
  Reflect.apply(() => 1, undefined, []);
  console.log('used');
  new AsyncLocalStorage().run(1, () => new v8.Serializer().writeValue(1));
  if (given.length > 0) throw new TypeError('spoilt');
  structuredClone(new Uint8Array(8).subarray(1));
  return [...[first]].length;
};
export const leaveExit = (code: number): string => {
  setTimeout(() => process.exit(code), 20);
  return 'left';
};
export const leaveThrow = (): string => {
  setTimeout(() => {
    throw new Error('left in a timer');
  }, 1);
  void Promise.reject(new Error('left to nobody'));
  queueMicrotask(() => {
    throw new Error('left in a microtask');
  });
  return 'left';
};
/** Longer than what others leave behind takes. */
export const outlast = async (): Promise<string> => {
  process.stdout.write('outlasting\n');
  await new Promise((resolve) => setTimeout(resolve, 200));
  return 'outlasted';
};
export const exitEachTime = async (): Promise<never> => {
  process.stdout.write('begun\n');
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.exit(6);
};
