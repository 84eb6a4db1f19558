/** Standard output, for the results of the command alone. */
export interface StandardOutput {
  /** Whether somebody still reads. */
  readonly isOpen: boolean;
  /** Writes a result. A reader that has gone away (`| head`) is no error: nothing more is written. */
  write(text: string): Promise<void>;
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
  let last = Promise.resolve();
  let heard: ((text: string) => void) | undefined;
  stdout.on('error', () => {
    isOpen = false;
  });
  stderr.on('error', () => {});
  stdout.write = ((chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    if (heard) heard(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    else stderr.write(chunk);
    const done = rest.find((given) => typeof given === 'function');
    if (done) process.nextTick(done as () => void);
    return true;
  }) as typeof stdout.write;
  const write = (text: string): Promise<void> =>
    isOpen ? new Promise((resolve) => void writeResult(text, () => resolve())) : Promise.resolve();
  return {
    get isOpen() {
      return isOpen;
    },
    write(text) {
      last = write(text);
      return last;
    },
    flush: () => last,
    divertOthers(listener) {
      heard = listener;
    },
  };
}
