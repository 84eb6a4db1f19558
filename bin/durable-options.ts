import { type Command, Option } from 'commander';
import { UsageError } from './exit-codes.js';
import { nonEmpty } from './option-values.js';
import { journalOf } from './secret-files.js';

/** How long the command waits for a run that another node drives: for the lease of one that was killed, and a little more, ms. */
export const DRIVER_WAIT_MS = 12_000;

/** Where durable runs are recorded, as commander reads it. */
export interface DurableFlags {
  readonly dataDir?: string;
  readonly journal?: string;
}

/** Adds the options of every command that records durable runs, or reads what is recorded. */
export const withDurableOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--data-dir <dir>', 'the folder in which durable runs are recorded; made, for you alone, where it is missing')
        .argParser(nonEmpty)
        .env('HANDOFF_DATA_DIR'),
    )
    .option(
      '--journal <url>',
      'the database in which durable runs are recorded, postgres://user@host/db?schema=handoff; default: that of HANDOFF_JOURNAL',
      nonEmpty,
    );

/**
 * Returns the options of a node that say where runs are recorded. Throws `UsageError` where neither is given. `intent`: what cannot be
 * done without them.
 */
export function neededPlace(flags: DurableFlags, intent: string): { readonly dataDir?: string; readonly journal?: string } {
  const { dataDir } = flags;
  const journal = journalOf(flags.journal);
  if (dataDir === undefined && journal === undefined) {
    throw new UsageError(
      `${intent}: name the folder with --data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL`,
    );
  }
  return { ...(dataDir !== undefined && { dataDir }), ...(journal !== undefined && { journal }) };
}
