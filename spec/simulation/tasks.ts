// What functions of random DAGs do: things whose results are the same wherever and however often they run.
import type * as handoff from '../../lib/index.js';

/** The package, without an import: a durable run would compare the content of all its modules. `random-dag.ts` puts it there. */
const lib = (): typeof handoff => (globalThis as { [key: symbol]: unknown })[Symbol.for('simulated handoff')] as typeof handoff;

const mixed = (state: number, value: number): number => Math.imul(state ^ value, 0x9e3779b1) ^ (state >>> 15);

/** A number out of whatever it is given. */
function digest(value: unknown): number {
  if (typeof value === 'number') return value | 0;
  if (value === undefined) return 11;
  if (value instanceof Uint8Array) return value.reduce((state, byte) => mixed(state, byte), value.length);
  if (Array.isArray(value)) return value.reduce<number>((state, one) => mixed(state, digest(one)), 7);
  const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.reduce<number>((state, [key, one]) => mixed(mixed(state, key.length), digest(one)), 13);
}

/** A small value. */
export const small = (given: readonly unknown[], salt: number): number => mixed(digest(given), salt);

/** A value that does not ride along in a receipt. */
export const large = (given: readonly unknown[], salt: number): Uint8Array => {
  const start = small(given, salt);
  return Uint8Array.from({ length: 70_000 }, (_, at) => start + at * salt);
};

const lapse = (salt: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50 + (salt % 3000)));

/** As `small`, some time later. */
export const slow = async (given: readonly unknown[], salt: number): Promise<number> => {
  await lapse(salt);
  return small(given, salt);
};

/** As `large`, some time later. */
export const slowLarge = async (given: readonly unknown[], salt: number): Promise<Uint8Array> => {
  await lapse(salt);
  return large(given, salt);
};

/** For an edge: half of a large value or an array, or the value itself. */
export const half = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return value.subarray(0, value.length >> 1);
  return Array.isArray(value) ? value.slice(0, value.length >> 1) : value;
};

/** A truth, or none: for conditions. */
export const choice = (given: readonly unknown[], salt: number): boolean => (small(given, salt) & 1) === 1;

/** An array of up to 6 elements, or nothing at all: a map over that is not taken. Some elements do not ride along. */
export const several = (given: readonly unknown[], salt: number): unknown[] | undefined => {
  if (salt % 13 === 0) return undefined;
  return Array.from({ length: salt % 7 }, (_, at) => (salt % 3 === 0 && at % 2 === 0 ? large(given, salt + at) : small(given, salt + at)));
};

/** As `several`, some time later. */
export const slowSeveral = async (given: readonly unknown[], salt: number): Promise<unknown[] | undefined> => {
  await lapse(salt);
  return several(given, salt);
};

/** For the elements of a map: the others are called with a list. The last parameter is the salt. */
const each =
  <R>(code: (given: readonly unknown[], salt: number) => R) =>
  (...all: readonly unknown[]): R =>
    code(all.slice(0, -1), all.at(-1) as number);

export const smallEach = each(small);
export const largeEach = each(large);
export const slowEach = each(slow);
export const slowLargeEach = each(slowLarge);

/** Fails for some elements, whatever is tried; the others are as of `smallEach`. */
export const frailEach = each((given, salt) => frail(given, salt));

/** Fails, or not, whatever is tried. */
export const frail = (given: readonly unknown[], salt: number): number => {
  const made = small(given, salt);
  if ((made & 3) === 0) throw new (lib().NonRetryableError)('it cannot');
  return made;
};

/** What an expansion is made of: numbers that decide everything. */
interface Inside {
  readonly id: string;
  readonly kind: 'small' | 'large' | 'slow' | 'several' | 'frail';
  /** What must be true. */
  readonly when: string | undefined;
  readonly args: readonly string[];
  readonly salt: number;
}

/** Up to 5 functions, each of which may need those before it. */
function insidesOf(given: readonly unknown[], salt: number): Inside[] {
  let state = small(given, salt);
  const next = (below: number): number => {
    state = mixed(state, salt + 17);
    return (state >>> 3) % below;
  };
  const kinds = ['small', 'large', 'slow', 'several', 'several', 'frail'] as const;
  return Array.from({ length: salt % 6 }, (_, at) => {
    const args = Array.from({ length: at }, (_, before) => `g${before}`).filter(() => next(3) === 0);
    const when = at > 0 && next(4) === 0 ? `g${next(at)}` : undefined;
    return { id: `g${at}`, kind: kinds[next(kinds.length)]!, args, when, salt: 1 + next(1000) };
  });
}

/** How often an expansion may expand again. */
const DEEPEST = 4;

/** A DAG for an expansion: ordinary functions, a map over those that are lists, and perhaps another expansion. */
export function grown(given: readonly unknown[], salt: number, depth = 0): handoff.DynamicDag {
  const { Dag, functionsIn } = lib();
  const dag = Dag.dynamic(`grown ${salt}`);
  const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.ts', import.meta.url));
  for (const { id, kind, args, when, salt: own } of insidesOf(given, salt)) {
    const optional = kind === 'frail';
    dag.add({
      id,
      code: tasks[kind] as never,
      args,
      extraArgs: [own],
      argumentInclusion: 'as-list',
      optional,
      ...(when !== undefined && { when }),
    });
    if (kind !== 'several') continue;
    dag.map({ id: `${id} each`, over: id, code: tasks.slowEach as never, extraArgs: [own] });
    // A pipeline, some elements of which may fail.
    if (own % 2 === 0) dag.map({ id: `${id} frail`, over: `${id} each`, code: tasks.frailEach as never, extraArgs: [own], optional: true });
  }
  if (depth < DEEPEST && salt % 3 === 1) dag.expand({ id: 'more', code: tasks.grownEach as never, extraArgs: [salt >> 1, depth + 1] });
  return dag;
}

/** The same for the code of an expansion, whose last parameters are the salt and the depth. */
export const grownEach = (...all: readonly unknown[]): handoff.DynamicDag =>
  grown(all.slice(0, -2), all.at(-2) as number, all.at(-1) as number);

/** What functions come to when they are evaluated one after the other. */
interface GrownValue {
  readonly value: object;
  /** The ids of all that run, and of those that must fail, and may. */
  readonly ran: readonly string[];
  readonly failing: readonly string[];
}

/** What the record of `grown` comes to. */
export function grownValue(given: readonly unknown[], salt: number, depth = 0): GrownValue {
  const values = new Map<string, unknown>();
  const used = new Set<string>();
  const ran: string[] = [];
  const failing: string[] = [];
  const attempt = (id: string, code: () => unknown): unknown => {
    ran.push(id);
    try {
      return code();
    } catch {
      failing.push(id);
      return undefined;
    }
  };
  for (const { id, kind, args, when, salt: own } of insidesOf(given, salt)) {
    const of = args.map((one) => values.get(one));
    for (const one of args) used.add(one);
    if (when !== undefined) used.add(when);
    const code = kind === 'large' ? large : kind === 'several' ? several : kind === 'frail' ? frail : small;
    const isTaken = when === undefined || Boolean(values.get(when));
    values.set(id, isTaken ? attempt(id, () => code(of, own)) : undefined);
    if (kind !== 'several') continue;
    used.add(id);
    const map = (name: string, over: string, each: (...all: readonly unknown[]) => unknown): void => {
      const elements = values.get(over) as readonly unknown[] | undefined;
      values.set(
        name,
        elements?.map((one, at) => attempt(`${name}[${at}]`, () => each(one, own))),
      );
    };
    map(`${id} each`, id, smallEach);
    if (own % 2 !== 0) continue;
    used.add(`${id} each`);
    map(`${id} frail`, `${id} each`, frailEach);
  }
  if (depth < DEEPEST && salt % 3 === 1) {
    const inner = grownValue([], salt >> 1, depth + 1);
    values.set('more', inner.value);
    ran.push('more', ...inner.ran.map((id) => `more/${id}`));
    failing.push(...inner.failing.map((id) => `more/${id}`));
  }
  return { value: Object.fromEntries([...values].filter(([id]) => !used.has(id))), ran, failing };
}
