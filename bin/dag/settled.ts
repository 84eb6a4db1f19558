import { writeSync } from 'node:fs';
import { ExitCode, UsageError } from '../exit-codes.js';

/** After so long it is said what is waited for, ms. */
const PATIENCE_MS = 10_000;

/**
 * The end of `body`, which runs code of a module. That code may leave nothing behind that could ever settle its promise: then Node would
 * end without a word, and this rejects with a `UsageError` that begins with `cannot`. It may also end the process: then the same is said,
 * and the exit code is that of wrong usage. What takes longer than `PATIENCE_MS` is waited for, and `note` is told.
 */
export async function settled<T>(cannot: string, body: () => Promise<T>, note: (text: string) => void = writeNote): Promise<T> {
  let giveUp!: (error: UsageError) => void;
  const idle = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  const onIdle = (): void =>
    giveUp(new UsageError(`${cannot}: it never settles: it waits for something that nothing is left to bring about`));
  const onExit = (code: number): void => {
    // A signal has ended it.
    if (code === ExitCode.interrupted) return;
    process.exitCode = ExitCode.wrongUsage;
    writeNote(`handoff: ${cannot}: it ended the process with exit code ${code}\n`);
  };
  const patience = setTimeout(() => note(`handoff: still waiting: ${cannot} until it has settled\n`), PATIENCE_MS);
  patience.unref();
  process.once('beforeExit', onIdle).once('exit', onExit);
  try {
    return await Promise.race([body(), idle]);
  } finally {
    clearTimeout(patience);
    process.off('beforeExit', onIdle).off('exit', onExit);
  }
}

/** While the process ends nothing else is written. */
function writeNote(text: string): void {
  try {
    writeSync(process.stderr.fd, text);
  } catch {
    // Nobody can be told.
  }
}
