import { type Command, Option } from 'commander';
import { UsageError } from './exit-codes.js';
import { nonEmpty } from './option-values.js';

/** Where durable runs are recorded, as commander reads it. */
export interface DataDirFlags {
  readonly dataDir?: string;
}

/** Adds the option of every command that records durable runs, or reads what is recorded. */
export const withDataDir = (command: Command): Command =>
  command.addOption(
    new Option('--data-dir <dir>', 'the folder in which durable runs are recorded; made, for you alone, where it is missing')
      .argParser(nonEmpty)
      .env('HANDOFF_DATA_DIR'),
  );

/** Throws `UsageError` where there is no folder. `intent`: what cannot be done without it. */
export function neededDataDir({ dataDir }: DataDirFlags, intent: string): string {
  if (dataDir === undefined) throw new UsageError(`${intent}: name the folder with --data-dir or HANDOFF_DATA_DIR`);
  return dataDir;
}
