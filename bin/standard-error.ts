/** Standard error of this process, which may be full, or have no reader. */
export interface StandardError {
  /** Resolves when all that was written has gone, or cannot go: after `LONGEST_FLUSH_MS` at the latest. */
  flush(): Promise<void>;
}

/** The most that may wait for a reader, bytes. What is written beyond is dropped, and its reader is told. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

/** How long a reader who is slow is waited for at the end, ms. */
const LONGEST_FLUSH_MS = 2000;

/**
 * From now on whatever is written to standard error costs nobody anything when it cannot be written: an error of the stream ends nothing and is the
 * last, what is written afterwards is dropped, and so is what would fill the memory because nobody reads.
 */
export function guardStandardError(): StandardError {
  const { stderr } = process;
  const write = stderr.write.bind(stderr) as (chunk: string | Uint8Array, done: () => void) => boolean;
  let isBroken = false;
  let left = 0;
  stderr.on('error', () => {
    isBroken = true;
  });
  stderr.write = ((chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const done = rest.find((given) => typeof given === 'function') as (() => void) | undefined;
    if (isBroken || stderr.writableLength > BACKLOG_BYTES) {
      if (!isBroken) left += 1;
      if (done) process.nextTick(done);
      return true;
    }
    if (left > 0) write(`handoff: ${left} ${left === 1 ? 'line is' : 'lines are'} missing here: nobody read them\n`, () => {});
    left = 0;
    try {
      return write(chunk, () => done?.());
    } catch {
      // A file can refuse at once.
      isBroken = true;
      if (done) process.nextTick(done);
      return true;
    }
  }) as typeof stderr.write;
  return {
    flush: () =>
      new Promise((resolve) => {
        if (isBroken || stderr.writableLength === 0) return resolve();
        stderr.once('error', () => resolve());
        write('', resolve);
        setTimeout(resolve, LONGEST_FLUSH_MS);
      }),
  };
}
