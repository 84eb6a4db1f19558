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

/** The option that names the folder of a node. `what` is in it. */
export const dataDirOption = (what: string): Option =>
  new Option('--data-dir <dir>', `the folder ${what}`).argParser(nonEmpty).env('HANDOFF_DATA_DIR');

/** Adds the options of every command that records durable runs, or reads what is recorded. One that only reads makes no folder. */
export const withDurableOptions = (command: Command, { onlyReads = false } = {}): Command =>
  command
    .addOption(
      dataDirOption(
        `in which durable runs are recorded${onlyReads ? '' : ', and results remembered; made, for you alone, where it is missing'}`,
      ),
    )
    .option(
      '--journal <url>',
      'the database in which durable runs are recorded, postgres://user@host/db?schema=handoff; default: that of HANDOFF_JOURNAL',
      nonEmpty,
    );

/** Options of a node that say where runs are recorded. */
export type GivenPlace = { readonly dataDir?: string; readonly journal?: string };

/** Returns the options of a node that say where runs are recorded, if anywhere. */
export function givenPlace(flags: DurableFlags): GivenPlace {
  const { dataDir } = flags;
  const journal = journalOf(flags.journal);
  return { ...(dataDir !== undefined && { dataDir }), ...(journal !== undefined && { journal }) };
}

/** The same. Throws `UsageError` where there is neither. `intent`: what needs them; `more`: what could be given instead. */
export function neededPlace(flags: DurableFlags, intent: string, more = ''): GivenPlace {
  const place = givenPlace(flags);
  if (Object.keys(place).length > 0) return place;
  const needed = 'name the folder with --data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL';
  throw new UsageError(`${intent}: ${needed}${more}`);
}

/** Whether interrupted runs are to go on by themselves: by the flag, else by the environment. Throws `UsageError` for another value. */
export function isResumeAsked(flag: boolean | undefined): boolean {
  const value = process.env.HANDOFF_RESUME ?? '';
  if (flag !== undefined) return flag;
  if (value === '1' || value === 'true') return true;
  if (value === '' || value === '0' || value === 'false') return false;
  throw new UsageError(`HANDOFF_RESUME must be 1 or 0, not ${JSON.stringify(value)}`);
}
