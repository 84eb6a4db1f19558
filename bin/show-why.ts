import { ExitCode, UsageError } from './exit-codes.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { colorsFor } from './report/colors.js';
import { terminalJson, terminalName } from './report/terminal-text.js';
import { whyText } from './report/why-text.js';
import type { Session } from './session.js';

/** The options of `handoff why`, as commander reads them. */
export interface WhyFlags extends ClusterFlags {
  readonly run?: string;
  readonly json?: boolean;
}

/** Tells why a function is in its state. Throws the error of a run that no node knows. */
export async function showWhy(functionId: string, flags: WhyFlags, { output }: Session): Promise<ExitCode> {
  await using observer = await openObserver(flags, 'Cannot tell why');
  let { run: runId } = flags;
  if (runId === undefined) {
    const runs = await observer.allRuns();
    const underWay = runs.filter(({ state }) => state === 'running');
    const ids = underWay.map((run) => run.runId);
    if (ids.length > 1) throw new UsageError(`Cannot tell why: ${ids.length} runs are under way, name one with --run: ${ids.join(', ')}`);
    runId = ids[0] ?? runs[0]?.runId;
    if (runId === undefined) throw new UsageError('Cannot tell why: the cluster knows no run');
  }
  const view = await observer.view(runId, { view: 'function', functionId });
  if (flags.json) await output.write(`${terminalJson(JSON.stringify(view))}\n`);
  if (!view.function) {
    process.stderr.write(`handoff: Run ${terminalName(runId)} has no function ${JSON.stringify(terminalName(functionId))}\n`);
    return ExitCode.failed;
  }
  if (!flags.json) await output.write(whyText(view.function, colorsFor(process.stdout)));
  return ExitCode.done;
}
