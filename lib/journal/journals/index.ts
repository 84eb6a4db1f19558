import type { Journal } from '../journal.js';
import { memoryJournal } from './memory.js';
import type { postgresJournal } from './postgres.js';
import type { sqliteJournal } from './sqlite.js';

/**
 * The journals that can be named; a new one is a file here and a line in this map. Each is given its place, then `JournalOptions`. Their
 * databases are loaded when one is opened: most nodes have none.
 */
export const journals = {
  memory: memoryJournal,
  sqlite: async (...given: Parameters<typeof sqliteJournal>): Promise<Journal> => (await import('./sqlite.js')).sqliteJournal(...given),
  postgres: async (...given: Parameters<typeof postgresJournal>): Promise<Journal> =>
    (await import('./postgres.js')).postgresJournal(...given),
} as const;

/** The name of one of `journals`. */
export type JournalName = keyof typeof journals;
