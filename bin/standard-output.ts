import { systemErrorText } from './report/system-error.js';

/** Standard output, for the results of the command alone. */
export interface StandardOutput {
  /** Whether there still is a reader. */
  readonly isOpen: boolean;
  /** Why output was not written, such as a full disk. A reader that has gone away is no error. */
  readonly error: Error | undefined;
  /** Writes a result. A reader that has gone away (`| head`) is no error: nothing more is written. */
  write(text: string): Promise<void>;
  /** Reports failed writes on standard error, and does not count them as a failure of the command. */
  forgive(): void;
  /** Resolves when everything is written. */
  flush(): Promise<void>;
  /** From now on `listener` receives what others write to standard output; `undefined` sends it to standard error. */
  divertOthers(listener: ((text: string) => void) | undefined): void;
}

/**
 * Claims standard output for results. What modules, their packages and threads write there goes to standard error, so that `--json` is one
 * document whatever they print. A standard stream that is closed early ends nothing.
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
