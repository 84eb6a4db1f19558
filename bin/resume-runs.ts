import { blameFunctions, Handoff, HandoffError } from '../lib/index.js';
import { loadExtensions } from './dag/load-extensions.js';
import { DRIVER_WAIT_MS, type DurableFlags, neededPlace } from './durable-options.js';
import { ExitCode, UsageError, usage } from './exit-codes.js';
import { type NodeFlags, nodeOptions } from './node-options.js';
import { quietDisplay } from './progress/display.js';
import { lineDisplay } from './progress/line-display.js';
import { colorsFor } from './report/colors.js';
import { errorReport } from './report/error-report.js';
import { terminalName } from './report/terminal-text.js';
import type { Session } from './session.js';
import { onShownNode, printed, shownResults } from './shown-run.js';

/** The options of `handoff resume`, as commander reads them. */
export interface ResumeFlags extends NodeFlags, DurableFlags {
  readonly all?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Goes on with a run, or with all that are interrupted. Throws the failure of a run that was asked for by its key. */
export async function resumeRuns(key: string | undefined, flags: ResumeFlags, session: Session): Promise<ExitCode> {
  const { output, interrupt, standardError } = session;
  if ((key === undefined) === !flags.all) throw new UsageError('Cannot resume: give the key of a run, or --all');
  const place = neededPlace(flags, 'Cannot resume');
  const extensions = await loadExtensions(flags.extensions);
  session.attributeErrors(blameFunctions);
  const colors = colorsFor(process.stderr);
  const display = flags.quiet ? quietDisplay : lineDisplay({ groups: [], stream: standardError.stream });
  const showing = { cannot: 'Cannot resume', display, colors, session };
  return onShownNode({ ...nodeOptions(flags), ...extensions, ...place }, showing, async (handoff) => {
    const resumed = (one: string): Promise<Readonly<Record<string, unknown>>> =>
      shownResults(handoff.resume(one, { retainMs: 0, waitMs: DRIVER_WAIT_MS }), showing);
    if (key !== undefined) {
      await output.write(printed(await resumed(key), flags));
      return ExitCode.done;
    }
    let code: ExitCode = ExitCode.done;
    for (const { key: one } of await handoff.runs({ state: 'interrupted' })) {
      display.print(`handoff: going on with ${terminalName(one)}`);
      try {
        await resumed(one);
      } catch (error) {
        if (interrupt.isInterrupted || !HandoffError.is(error)) throw error;
        display.print(errorReport(error, colors));
        code = ExitCode.failed;
      }
    }
    return code;
  });
}

/** Deletes the record of a run. */
export async function forgetRun(key: string, flags: DurableFlags): Promise<ExitCode> {
  const place = neededPlace(flags, 'Cannot forget');
  await using handoff = await usage('Cannot forget', () => Handoff.start(place));
  await usage('Cannot forget', () => handoff.forget(key));
  return ExitCode.done;
}
