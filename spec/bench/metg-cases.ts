import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PATTERNS, producersOf } from './metg-pattern.mjs';

const execute = promisify(execFile);
const scriptAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The interpreter for which Debian packages modules. */
const PYTHON = '/usr/bin/python3';

/** How functions run: in bare threads without an engine, or by this engine in one of its isolations. */
type How = 'bare' | 'threads' | 'processes' | 'loop';

type Pattern = (typeof PATTERNS)[number];

/** What `metg-run.mjs` measures. */
export interface MetgCase {
  readonly how: How;
  /** How many functions run at once. */
  readonly slots: number;
  /** How many columns the graphs have. */
  readonly width: number;
  readonly patterns: readonly Pattern[];
  /** How long functions take, µs; the longest first. */
  readonly grainsUs: readonly number[];
  /** About how long one run takes where nothing but functions takes time, ms. */
  readonly busyMs: number;
  readonly rounds: number;
  /** The nodes that run the functions; by default the process does itself. */
  readonly join: readonly string[];
  /** Of bare threads: how many messages lie at each. */
  readonly ahead: number;
}

/** Which share of the time of all slots was user code, with functions of so many µs. */
export interface MetgPoint {
  readonly us: number;
  readonly share: number;
}

/** By pattern, what was measured. */
export type MetgPoints = Readonly<Record<string, readonly MetgPoint[]>>;

/** Measures one case in a process of its own, which loads no compiler. */
export async function measured(given: MetgCase): Promise<MetgPoints> {
  const { stdout } = await execute(process.execPath, [scriptAt('./metg-run.mjs'), JSON.stringify(given)]);
  return JSON.parse(stdout) as MetgPoints;
}

/** Returns why Dask cannot be measured here, or `undefined` if it can. */
export async function whyNoDask(): Promise<string | undefined> {
  try {
    await execute(PYTHON, ['-c', 'import distributed']);
    return undefined;
  } catch {
    return 'skipped: python3-distributed of Debian is not installed';
  }
}

/** The same graphs on Dask. Of so many functions: it takes a millisecond for each. */
export async function measuredByDask(
  { slots, width, grainsUs, rounds }: Pick<MetgCase, 'slots' | 'width' | 'grainsUs' | 'rounds'>,
  functions: number,
): Promise<MetgPoints> {
  const graphs = Object.fromEntries(
    PATTERNS.map((pattern) => {
      const producers = producersOf(pattern, width, Math.ceil(functions / width));
      return [pattern, grainsUs.map((us) => [us, producers])];
    }),
  );
  const argument = JSON.stringify({ slots, width, rounds, graphs });
  const { stdout } = await execute(PYTHON, [scriptAt('./metg-dask.py'), argument]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as MetgPoints;
}

/**
 * Returns the smallest function that still leaves `share` of the time to user code, µs: between the lengths that were measured, on a
 * logarithmic scale. `below` or `above` says that none of those was small or large enough.
 */
export function metgOf(points: readonly MetgPoint[], share: number): { readonly us: number; readonly bound?: 'below' | 'above' } {
  const falling = [...points].sort((a, b) => b.us - a.us);
  const at = falling.findIndex((point) => point.share < share);
  if (at < 0) return { us: falling.at(-1)!.us, bound: 'below' };
  if (at === 0) return { us: falling[0]!.us, bound: 'above' };
  const [enough, less] = [falling[at - 1]!, falling[at]!];
  const part = (enough.share - share) / (enough.share - less.share);
  return { us: Math.exp(Math.log(enough.us) + part * (Math.log(less.us) - Math.log(enough.us))) };
}
