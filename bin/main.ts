import { AsyncResource } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.js';
import type { Entry } from './entry.js';
import { ExitCode } from './exit-codes.js';
import { Interrupt } from './interrupt.js';
import type { Session } from './session.js';
import { guardStandardError } from './standard-error.js';
import { claimStandardOutput } from './standard-output.js';

/** How long reporting an error may take when nothing else goes on, ms. */
const LONGEST_REPORT_MS = 2000;

/** Reads the command line, performs the command, and ends the process with its exit code. */
export async function main(entry: Entry): Promise<never> {
  const standardError = guardStandardError();
  const session: Session = {
    standardError,
    output: claimStandardOutput(),
    interrupt: new Interrupt(entry),
    exitCode: ExitCode.done,
    attributeErrors() {},
    clearTerminal() {},
  };

  /** Reports an error to the person at the terminal. Used for failures, and for errors outside of functions. Returns the exit code. */
  const report = async (error: unknown): Promise<ExitCode> => {
    const { errorReport, exitCodeOf } = await import('./report/error-report.js');
    const { colorsFor } = await import('./report/colors.js');
    session.clearTerminal();
    standardError.stream.write(errorReport(error, colorsFor(process.stderr)));
    return exitCodeOf(error);
  };

  /** Leaves at once: timers and servers that the DAG's modules left open do not delay the end. */
  const leave = async (code: ExitCode): Promise<never> => {
    // A slow reader gets all results; a signal ends the wait.
    session.interrupt.ends(undefined);
    await session.output.flush();
    const isLost = session.output.error !== undefined;
    session.output.forgive();
    await standardError.flush();
    return session.interrupt.leave(isLost && code === ExitCode.done ? ExitCode.failed : code);
  };

  let isEnding = false;
  // Bound, as it would otherwise run in the async context of the error.
  const end = AsyncResource.bind((error: unknown) => {
    // Ignores errors of the report itself, and consequences of the first error.
    if (isEnding) return;
    isEnding = true;
    // From now on standard error is for the report, even if others' output was diverted.
    standardError.divertOthers(undefined);
    setTimeout(() => entry.lastResort(error), LONGEST_REPORT_MS);
    report(error).then(
      () => leave(ExitCode.failed),
      () => entry.lastResort(error),
    );
  });
  entry.onUncaught = end;
  session.attributeErrors = (install) => {
    entry.onUncaught = () => {};
    install(end);
  };
  // Failures that the end of the process causes are no news.
  return leave(await parsed(session, async (error) => (isEnding ? ExitCode.failed : report(error))));
}

async function parsed(session: Session, report: (error: unknown) => Promise<ExitCode>): Promise<ExitCode> {
  const { version } = createRequire(import.meta.url)('handoff-dag/package.json') as { version: string };
  const program = new Command('handoff')
    .description('Runs directed acyclic graphs of functions on supervised actors.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: (text) => void session.output.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, 'handoff:')),
    })
    .showHelpAfterError('Try "handoff --help".')
    .exitOverride();
  for (const command of COMMANDS) {
    const child = command(session).copyInheritedSettings(program);
    program.addCommand(child.showHelpAfterError(`Try "handoff ${child.name()} --help".`));
  }
  program.addHelpText(
    'after',
    `
A module is a .js, .mjs, .cjs or .ts file that exports a Dag, or a function that returns one; or a .json file of dag.toJSON().

Exit codes: 0 done; 1 the run failed, or its results could not be written; 2 wrong usage or an invalid DAG;
3 the cluster could not be joined; 130 interrupted.`,
  );
  try {
    await program.parseAsync();
    return session.exitCode;
  } catch (error) {
    // Commander has printed everything already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.wrongUsage;
    return report(error);
  }
}
