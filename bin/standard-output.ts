import { systemErrorText } from './report/system-error.js';

/** Standard output, for the results of the command alone. */
export interface StandardOutput {
  /** Whether somebody still reads. */
  readonly isOpen: boolean;
  /** Why what was written did not arrive: a full disk. A reader that has gone away is no error. */
  readonly error: Error | undefined;
  /** Writes a result. A reader that has gone away (`| head`) is no error: nothing more is written. */
  write(text: string): Promise<void>;
  /** Tells standard error of what could not be written so far, and takes it for no failure of the command. */
  forgive(): void;
  /** Resolves when all is written. */
  flush(): Promise<void>;
  /** From now on `listener` hears what others write to standard output; standard error without one. */
  divertOthers(listener: ((text: string) => void) | undefined): void;
}

/**
 * Takes standard output for results: what modules, their packages and threads write there goes to standard error from now on, so that
 * `--json` is one document whatever they print. A standard stream that is closed early ends nothing.
 */
export function claimStandardOutput(): StandardOutput {
  const { stdout, stderr } = process;
  const writeResult = stdout.write.bind(stdout);
  let isOpen = true;
  let error: Error | undefined;
  let last = Promise.resolve();
  let heard: ((text: string) => void) | undefined;
  const failed = (failure: Error): void => {
    isOpen = false;
    if ((failure as NodeJS.ErrnoException).code !== 'EPIPE') error ??= failure;
  };
  stdout.on('error', failed);
  stdout.write = ((chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    if (heard) heard(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    else stderr.write(chunk);
    const done = rest.find((given) => typeof given === 'function');
    if (done) process.nextTick(done as () => void);
    return true;
  }) as typeof stdout.write;
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (!isOpen) return resolve();
      try {
        writeResult(text, (failure) => {
          if (failure) failed(failure);
          resolve();
        });
      } catch (failure) {
        // A file can refuse at once.
        failed(failure as Error);
        resolve();
      }
    });
  return {
    get isOpen() {
      return isOpen;
    },
    get error() {
      return error;
    },
    write(text) {
      last = write(text);
      return last;
    },
    forgive() {
      if (error) stderr.write(`handoff: Cannot write to standard output: ${systemErrorText(error)}\n`);
      error = undefined;
    },
    flush: () => last,
    divertOthers(listener) {
      heard = listener;
    },
  };
}
