// Functions of branches: what goes in comes out, or fails.

export const given = (...all: unknown[]): unknown => all.at(-1);
export const list = (...all: unknown[]): unknown[] => all;
export function fail(message: string): never {
  throw new RangeError(message);
}
