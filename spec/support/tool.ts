/** A tool called in a way it does not know: its message is for who called it, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs one of the package's own tools: `--help` prints how it is called; what `parseArgs` or a `UsageError` complains of is one line and the usage, exit code 2;
 * anything else that it throws is printed whole, exit code 1. Otherwise the exit code is what `main` comes to, 0 by default.
 */
export async function runTool(usage: string, main: () => Promise<number | void>): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    return;
  }
  try {
    const code = await main();
    if (code) process.exitCode = code;
  } catch (error) {
    const isOfUse = error instanceof UsageError || String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
    console.error(isOfUse ? `${(error as Error).message}\n${usage}` : error);
    process.exit(isOfUse ? 2 : 1);
  }
}
