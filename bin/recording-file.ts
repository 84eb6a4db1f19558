import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { traceRuns } from '../lib/index.js';
import { UsageError } from './exit-codes.js';
import { systemErrorText } from './report/system-error.js';

/** The recording of a run that is being written into a file, for `handoff replay`. */
export interface RecordingFile {
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/**
 * Records the first run of this process from now on in a file that only its user may read, as it contains errors. Throws `UsageError` for
 * a file that cannot be written. A later failure calls `onError` once, and ends the recording, not the run.
 */
export function openRecordingFile(path: string, onError: (reason: string) => void): RecordingFile {
  let file: WriteStream;
  try {
    file = createWriteStream(path, { fd: openSync(path, 'w', 0o600) });
  } catch (error) {
    throw new UsageError(`Cannot run: the recording cannot be written: ${systemErrorText(error as Error)}`);
  }
  let isWritable = true;
  file.on('error', (error) => {
    if (isWritable) onError(`the recording cannot be written: ${systemErrorText(error)}`);
    isWritable = false;
  });
  const write = (line: string): void => {
    if (isWritable) file.write(`${line}\n`);
  };
  let recorded: string | undefined;
  const stop = traceRuns((runId, header) => {
    // Functions of the run may start runs themselves.
    if (recorded !== undefined) return undefined;
    recorded = runId;
    write(header);
    return write;
  });
  return {
    close: () => {
      stop();
      if (file.closed) return Promise.resolve();
      return new Promise((resolve) => {
        file.once('close', resolve);
        file.end();
      });
    },
  };
}
