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

/**
 * Loads the table of 200,000 flights of the United States, from the package `vega-datasets`, in parts of about the same size: none has more
 * than `most` flights, and together they are the whole table.
 */
export async function load(most: number): Promise<Flights[]> {
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  const rows: readonly Row[] = JSON.parse(await readFile(join(entry, '../../data/flights-200k.json'), 'utf8'));
  console.log(`${rows.length} rows read`);
  return partsOf(rows.length, most).map(([from, to]) => columnsOf(rows.slice(from, to)));
}

/** Cuts so many rows into as few parts as may be: each from a row up to another. */
export function partsOf(count: number, most: number): readonly (readonly [from: number, to: number])[] {
  const parts = Math.ceil(count / most);
  const cut = (at: number): number => Math.round((at * count) / parts);
  return Array.from({ length: parts }, (_, index) => [cut(index), cut(index + 1)]);
}

function columnsOf(rows: readonly Row[]): Flights {
  return {
    departures: Uint16Array.from(rows, ({ time }) => Math.round(time * 60)),
    delays: Int16Array.from(rows, ({ delay }) => delay),
  };
}
