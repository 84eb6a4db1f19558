import { writeSync } from 'node:fs';
import { ExitCode, UsageError } from '../exit-codes.js';

/** After this long a note says what is being waited for, ms. */
const PATIENCE_MS = 10_000;

/**
 * Returns the result of `body`, which runs code of a module.
 *
 * That code may leave nothing behind that could ever settle its promise. Node would then end silently, so this rejects with a `UsageError`
 * that begins with `cannot`. The code may also end the process: then the same is reported, with the exit code of wrong usage. If it takes
 * longer than `PATIENCE_MS`, `note` is called and the wait goes on.
 */
export async function settled<T>(cannot: string, body: () => Promise<T>, note: (text: string) => void = writeNote): Promise<T> {
  let giveUp!: (error: UsageError) => void;
  const idle = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  const onIdle = (): void => giveUp(new UsageError(`${cannot}: it never settles: it awaits something that can no longer happen`));
  const onExit = (code: number): void => {
    // A signal ended it.
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

/** Written synchronously: nothing else is written while the process ends. */
function writeNote(text: string): void {
  try {
    writeSync(process.stderr.fd, text);
  } catch {
    // Standard error cannot be written.
  }
}
