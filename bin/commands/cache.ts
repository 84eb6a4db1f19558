import { Command } from 'commander';
import { dataDirOption } from '../durable-options.js';
import type { Session } from '../session.js';
import type { CacheFlags } from '../show-cache.js';

/** `handoff cache`: says how much a folder remembers, or forgets it. */
export function cacheCommand(session: Session): Command {
  return new Command('cache')
    .description('Says how many results a folder remembers, how much they take, and how often one was found.')
    .addOption(dataDirOption('in which results are remembered'))
    .option('--clear', 'forgets all of them; no node may use the folder meanwhile')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nWithout --clear it only reads, and works beside the node that uses the folder.\n\n' +
        'Examples:\n  handoff cache --data-dir data\n  handoff cache --clear --data-dir data',
    )
    .action(async (flags: CacheFlags) => {
      const { showCache } = await import('../show-cache.js');
      session.exitCode = await showCache(flags, session);
    });
}
