import { memoryJournal } from './memory.js';
import { postgresJournal } from './postgres.js';
import { sqliteJournal } from './sqlite.js';

/** The journals that can be named; a new one is a file here and a line in this map. Each is given its place, then `JournalOptions`. */
export const journals = { memory: memoryJournal, sqlite: sqliteJournal, postgres: postgresJournal } as const;

/** The name of one of `journals`. */
export type JournalName = keyof typeof journals;
