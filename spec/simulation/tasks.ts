// What functions of random DAGs do: things whose results are the same wherever and however often they run.
const mixed = (state: number, value: number): number => Math.imul(state ^ value, 0x9e3779b1) ^ (state >>> 15);

/** A number out of whatever it is given. */
function digest(value: unknown): number {
  if (typeof value === 'number') return value | 0;
  if (value instanceof Uint8Array) return value.reduce((state, byte) => mixed(state, byte), value.length);
  return (value as readonly unknown[]).reduce<number>((state, one) => mixed(state, digest(one)), 7);
}

/** A small value. */
export const small = (given: readonly unknown[], salt: number): number => mixed(digest(given), salt);

/** A value that does not ride along in a receipt. */
export const large = (given: readonly unknown[], salt: number): Uint8Array => {
  const start = small(given, salt);
  return Uint8Array.from({ length: 70_000 }, (_, at) => start + at * salt);
};

/** As `small`, some time later. */
export const slow = async (given: readonly unknown[], salt: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 50 + (salt % 3000)));
  return small(given, salt);
};

/** As `large`, some time later. */
export const slowLarge = async (given: readonly unknown[], salt: number): Promise<Uint8Array> => {
  await new Promise((resolve) => setTimeout(resolve, 50 + (salt % 3000)));
  return large(given, salt);
};

/** For an edge: half of a large value, or the value itself. */
export const half = (value: unknown): unknown => (value instanceof Uint8Array ? value.subarray(0, value.length >> 1) : value);
