// Functions for maps, as a user of the package would write them.
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
export const twice = (n: number): number => 2 * n;
/** An element, and its place. */
export const placed = (element: number): [number, number | undefined] => [element, currentFunction().index];
export const sumOfPlaces = (all: readonly [number, number | undefined][]): number =>
  all.reduce((sum, [, index]) => sum + (index ?? NaN), 0);
export const say = (text: string): void => console.log(text);
export const sharing = (): object[] => {
  const shared = { n: 1 };
  return [{ shared }, { shared }];
};
export const fails = (): never => {
  throw new Error('it fails');
};
export const bytes = (count: number, size: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(size).fill(7));
export const grown = (given: Uint8Array): Uint8Array => Uint8Array.from(given, (byte) => byte + 1);
export const weigh = (given: Uint8Array): number => given.length;
/** Longer than any array whose elements are there. */
export const sparse = (): unknown[] => {
  const none: unknown[] = [];
  none.length = 2 ** 31;
  return none;
};
