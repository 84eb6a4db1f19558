import type { DisplayStream } from './progress/display.js';

/** Standard error of this process, which may be full, or have no reader. */
export interface StandardError {
  /** The stream for what the command itself shows. */
  readonly stream: DisplayStream;
  /** From now on `listener` receives what others write to standard error; `undefined` lets it be written. */
  divertOthers(listener: ((text: string) => void) | undefined): void;
  /** Resolves when everything is written or cannot be, after `LONGEST_FLUSH_MS` at the latest. */
  flush(): Promise<void>;
}

/** The most that may wait for a reader, bytes. Further output is dropped, and a notice says so. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

/** How long the end waits for a slow reader, ms. */
const LONGEST_FLUSH_MS = 2000;

/**
 * Guards standard error: from now on a failed write harms nothing. After an error of the stream, later output is dropped. So is output that
 * would fill the memory because it is not read.
 */
export function guardStandardError(): StandardError {
  const { stderr } = process;
  const writeNow = stderr.write.bind(stderr) as (chunk: string | Uint8Array, done?: () => void) => boolean;
  let isBroken = false;
  let left = 0;
  let heard: ((text: string) => void) | undefined;
  stderr.on('error', () => {
    isBroken = true;
  });
  const write = (chunk: string | Uint8Array, done?: () => void): boolean => {
    if (!isBroken && stderr.writableLength > BACKLOG_BYTES) left += 1;
    else if (!isBroken) {
      const missing = left;
      left = 0;
      try {
        if (missing > 0)
          writeNow(`handoff: ${missing} ${missing === 1 ? 'line is' : 'lines are'} missing here: they were not read in time\n`);
        return writeNow(chunk, done);
      } catch {
        // A file can refuse at once.
        isBroken = true;
      }
    }
    if (done) process.nextTick(done);
    return true;
  };
  stderr.write = ((chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const done = rest.find((given) => typeof given === 'function') as (() => void) | undefined;
    if (!heard) return write(chunk, done);
    heard(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    if (done) process.nextTick(done);
    return true;
  }) as typeof stderr.write;
  return {
    stream: {
      isTTY: stderr.isTTY,
      get columns() {
        return stderr.columns;
      },
      get rows() {
        return stderr.rows;
      },
      write,
      ...(stderr.isTTY && { getWindowSize: () => stderr.getWindowSize() }),
      on: (event, listener) => stderr.on(event, listener),
      off: (event, listener) => stderr.off(event, listener),
    },
    divertOthers(listener) {
      heard = listener;
    },
    flush: () =>
      new Promise((resolve) => {
        if (isBroken || stderr.writableLength === 0) return resolve();
        stderr.once('error', () => resolve());
        writeNow('', resolve);
        setTimeout(resolve, LONGEST_FLUSH_MS);
      }),
  };
}
