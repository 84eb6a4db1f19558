import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The flights, a typed array for each column: a few bytes per flight, and cheap to pass from thread to thread. */
export interface Flights {
  /** When it left, minutes after midnight. */
  readonly departures: Uint16Array;
  /** How late it was, minutes; negative if it was early. */
  readonly delays: Int16Array;
}

interface Row {
  readonly delay: number;
  readonly distance: number;
  /** Hours after midnight. */
  readonly time: number;
}

/** Loads the table of 200,000 flights of the United States, from the package `vega-datasets`. */
export async function load(): Promise<Flights> {
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  const rows: readonly Row[] = JSON.parse(await readFile(join(entry, '../../data/flights-200k.json'), 'utf8'));
  console.log(`${rows.length} rows read`);
  return {
    departures: Uint16Array.from(rows, ({ time }) => Math.round(time * 60)),
    delays: Int16Array.from(rows, ({ delay }) => delay),
  };
}

/** One of `count` parts of about the same size; together they are the whole table. */
export function part({ departures, delays }: Flights, index: number, count: number): Flights {
  const cut = (at: number): number => Math.round((at * delays.length) / count);
  const [from, to] = [cut(index), cut(index + 1)];
  return { departures: departures.slice(from, to), delays: delays.slice(from, to) };
}
