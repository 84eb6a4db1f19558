import { Handoff, JournalReader } from '../lib/index.js';
import { ExitCode, UsageError, usage } from './exit-codes.js';
import { bytesText } from './report/bytes-text.js';
import type { Session } from './session.js';

/** The options of `handoff cache`, as commander reads them. */
export interface CacheFlags {
  readonly dataDir?: string;
  readonly clear?: boolean;
  readonly json?: boolean;
}

/** Prints how much a folder remembers, after it has forgotten it where that is asked for. */
export async function showCache({ dataDir, clear, json }: CacheFlags, { output }: Session): Promise<ExitCode> {
  const cannot = clear ? 'Cannot forget remembered results' : 'Cannot show remembered results';
  if (dataDir === undefined) throw new UsageError(`${cannot}: name the folder with --data-dir or HANDOFF_DATA_DIR`);
  // Made by nobody: a folder that is not there remembers nothing that could be cleared.
  await using reader = await usage(cannot, () => JournalReader.open({ dataDir }));
  if (clear) {
    await using handoff = await usage(cannot, () => Handoff.start({ dataDir }));
    await handoff.clearCache();
  }
  const { entries, bytes, hits } = await reader.remembered();
  const text = `${counted(entries, 'result')}, ${bytesText(bytes)}; found ${counted(hits, 'time')}`;
  await output.write(`${json ? JSON.stringify({ entries, bytes, hits }) : text}\n`);
  return ExitCode.done;
}

const counted = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
