// Functions for clusters in one process: what they do can be watched and held from the spec.
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';
import { type Gate, gate } from '../gate.js';

const gatesKey = Symbol.for('handoff-dag spec gates');
/** Of all copies of this module: tsx loads one for the spec and one for the nodes. */
const all = globalThis as { [gatesKey]?: Map<string, Gate> };
all[gatesKey] ??= new Map();
const gates = all[gatesKey];

/** The gate of that name, for the spec and for functions on the loop of any node. */
export function gateOf(name: string): Gate {
  const known = gates.get(name) ?? gate();
  gates.set(name, known);
  return known;
}

export const where = (): string => currentFunction().node;
export const whereAfter = (..._before: unknown[]): string => currentFunction().node;

/** Waits for the gate of that name, or until it is told to end. */
export const held = (name: string): Promise<string> => {
  const { node, signal } = currentFunction();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    void gateOf(name)
      .pass()
      .then(() => resolve(node));
  });
};

/** Waits on the node on which it must not end. */
export const heldOn = (name: string, node: string): Promise<string> | string =>
  currentFunction().node === node ? held(name) : currentFunction().node;

export const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(7);
export const lengths = (...all: Uint8Array[]): number[] => all.map((one) => (one.every((byte) => byte === 7) ? one.length : -1));
/** How many of them are not as they were made; changes them all, and fails the first time. */
export const spoilt = (all: Uint8Array): number => {
  const wrong = all.reduce((count, byte) => count + Number(byte !== 7), 0);
  all.fill(0);
  if (currentFunction().attempt === 1) throw new Error('once');
  return wrong;
};
export const odd = (): unknown => ({
  map: new Map([['a', { date: new Date(0) }]]),
  zero: -0,
  ['__proto__']: { own: true },
  none: undefined,
});
export const size = (...all: readonly Uint8Array[]): number => all.reduce((total, one) => total + one.length, 0);
export const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
export const sumOf = (...all: readonly number[]): number => sum(all);
export const same = <T>(value: T): T => value;
export const fails = (message: string): never => {
  throw Object.assign(new RangeError(message), { detail: { node: currentFunction().node } });
};
export const say = (text: string): string => {
  console.log(text);
  return currentFunction().node;
};
/** As a serializer or deserializer: tells where it ran. */
export const mark = (value: readonly string[], source: string, target: string, ...extra: readonly string[]): string[] => [
  ...value,
  `${currentFunction().node}: ${source} to ${target} ${extra.join(' ')}`.trim(),
];
export const list = (): string[] => [];
/** As function, inline function, serializer or deserializer: adds the idempotency key that it sees. */
export const addKey = (seen: readonly string[] = []): string[] => [...seen, `${currentFunction().idempotencyKey}`];
export const spin = (): never => {
  for (;;) Math.random();
};
/** Only for simulations, whose time it is. */
export const restFor = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
