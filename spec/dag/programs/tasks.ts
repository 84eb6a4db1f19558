/** A module of functions, as a user would write it. */
export function load(path: string): number[] {
  return path.split(',').map(Number);
}
export const sum = (xs: number[]): number => xs.reduce((a, b) => a + b, 0);
export const report = (total: number, mean: number): string => `total ${total}, mean ${mean}`;
export const optional = (total: number, digits?: number): string => total.toFixed(digits);
export const later = async (total: number): Promise<{ total: number }> => ({ total });
export const join = (parts: readonly string[]): string => parts.join('');
export const rest = (first: number, ...others: number[]): number => first + others.length;
export function identity<T>(value: T): T {
  return value;
}
export function overloaded(value: string): string;
export function overloaded(value: number): number;
export function overloaded(value: string | number): string | number {
  return value;
}
export const packed = (xs: number[], source: string, target: string): string => `${source}${target}${xs.join()}`;
export const unpacked = (text: string, _source: string, _target: string): number[] => text.split(',').map(Number);
export const counter = (): Iterator<number> => [1][Symbol.iterator]();
export const maker = (): (() => number) => () => 1;
export class Table {
  rows = 0;
}
export const VERSION = 3;
