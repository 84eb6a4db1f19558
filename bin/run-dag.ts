import { blameFunctions, type ExecuteOptions, type Extensions, type Handoff, HandoffError, type Run, strategyNames } from '../lib/index.js';
import { type LoadedDag, loadDag } from './dag/load-dag.js';
import { loadExtensions } from './dag/load-extensions.js';
import { DRIVER_WAIT_MS, type DurableFlags, type GivenPlace, neededPlace } from './durable-options.js';
import { ExitCode, UsageError } from './exit-codes.js';
import { keptDashboard } from './kept-dashboard.js';
import { type NodeFlags, nodeOptions } from './node-options.js';
import { quietDisplay } from './progress/display.js';
import { openDisplay } from './progress/open-display.js';
import { openRecordingFile, type RecordingFile } from './recording-file.js';
import { colorsFor } from './report/colors.js';
import { errorReport, exitCodeOf } from './report/error-report.js';
import { checkRunFiles, type RunFileFlags, writeRunFiles } from './run-files.js';
import type { Session } from './session.js';
import { onShownNode, printed, type Showing, shownResults } from './shown-run.js';
import { type WebFlags, webLines, webOptions } from './web-options.js';

/** How long a run stays that a dashboard shows, ms: a year. */
const KEPT_MS = 31_536_000_000;

/** The options of `handoff run`, as commander reads them. */
export interface RunFlags extends RunFileFlags, NodeFlags, DurableFlags, WebFlags {
  readonly local?: boolean;
  readonly input?: ReadonlyMap<string, unknown>;
  readonly strategy?: string;
  readonly maxRetries?: number;
  readonly onFailure?: 'abort' | 'continue';
  readonly dagId?: string;
  readonly timeoutMs?: number;
  readonly maxConcurrency?: number;
  readonly collect?: 'all' | 'sinks' | readonly string[];
  readonly json?: boolean;
  readonly record?: string;
  readonly quiet?: boolean;
  readonly key?: string;
  readonly strict?: boolean;
  readonly reuse?: 'same-code' | 'same-wiring' | 'none';
  readonly cache?: boolean;
  /** Whether `dataDir` is an option, and not of the environment. */
  readonly isDataDirGiven?: boolean;
}

/**
 * Loads a DAG, runs it on a node of its own and prints the results of its sinks. Throws the failure of the run; an interruption is no
 * failure.
 */
export async function runDag(module: string, flags: RunFlags, session: Session): Promise<ExitCode> {
  const { output, interrupt, standardError } = session;
  session.attributeErrors(blameFunctions);
  if (flags.quiet) output.divertOthers(() => {});
  const place = durablePlace(flags);
  checkRunFiles(flags);
  const dag = await loadDag(module);
  const extensions = await loadExtensions(flags.extensions);
  checkStrategy(flags.strategy, extensions);
  const options = { ...nodeOptions(flags), ...(place ?? spareFolder(flags, dag)), ...extensions, ...webOptions(flags) };
  const colors = colorsFor(process.stderr);
  const display = flags.quiet ? quietDisplay : await openDisplay(dag, standardError.stream, colors);
  const showing = { cannot: 'Cannot run', display, colors, session, isFolderSpare: place === undefined };
  const print = (results: Readonly<Record<string, unknown>>): Promise<void> => output.write(printed(results, flags));
  let recording: RecordingFile | undefined;
  try {
    if (flags.record !== undefined) recording = openRecordingFile(flags.record, (reason) => display.print(`handoff: ${reason}`));
    return await onShownNode(options, showing, async (handoff) => {
      const say = (line: string): unknown => (flags.quiet ? standardError.stream.write(`${line}\n`) : display.print(line));
      for (const line of webLines(flags, handoff)) say(`handoff: ${line}`);
      try {
        const { results, areFilesWritten } = await finishedResults(execute(handoff, dag, flags), flags, showing, say);
        await print(results);
        await keptDashboard(handoff, session, say);
        return areFilesWritten ? ExitCode.done : ExitCode.failed;
      } catch (error) {
        if (!interrupt.isInterrupted && HandoffError.is(error) && Object.keys(error.results ?? {}).length > 0) await print(error.results!);
        if (flags.dashboard === undefined || interrupt.isInterrupted) throw error;
        // Told now, and not when the dashboard goes.
        display.stop();
        standardError.stream.write(errorReport(error, colors));
        await keptDashboard(handoff, session, say);
        return exitCodeOf(error);
      }
    });
  } finally {
    display.stop();
    await recording?.close();
  }
}

/** Shows a run, and writes its files when it is over, however it ended. */
async function finishedResults<R>(
  run: Run<R>,
  flags: RunFlags,
  showing: Showing,
  say: (line: string) => void,
): Promise<{ readonly results: R; readonly areFilesWritten: boolean }> {
  let areFilesWritten = true;
  let results: R;
  try {
    results = await shownResults(run, showing);
  } finally {
    areFilesWritten = await writeRunFiles(run, flags, say);
  }
  return { results, areFilesWritten };
}

/** Where the run is recorded, if it has a key. Throws `UsageError` for options that go only with one. */
function durablePlace(flags: RunFlags): GivenPlace | undefined {
  if (flags.key !== undefined) return neededPlace(flags, 'Cannot run with --key');
  for (const option of ['strict', 'reuse'] as const) {
    if (flags[option] !== undefined) throw new UsageError(`Cannot run: --${option} goes with --key`);
  }
  return undefined;
}

/** The folder for results that are remembered: that of the environment only where functions may have them. */
function spareFolder({ dataDir, isDataDirGiven }: RunFlags, dag: LoadedDag): GivenPlace {
  if (dataDir === undefined) return {};
  const mayRemember = (): boolean => [...dag.functions.values()].some(({ cache, type }) => cache || type === 'expand');
  return isDataDirGiven || mayRemember() ? { dataDir } : {};
}

/** Throws `UsageError` for an unknown strategy, before a node is started. */
function checkStrategy(strategy: string | undefined, { strategies = {} }: Extensions): void {
  const known = [...strategyNames, ...Object.keys(strategies)];
  if (strategy !== undefined && !known.includes(strategy))
    throw new UsageError(`Cannot run: --strategy must be one of ${known.join(', ')}, not "${strategy}"`);
}

function execute(handoff: Handoff, dag: LoadedDag, flags: RunFlags): Run<Record<string, unknown>> {
  const { strategy, maxRetries, onFailure, input, dagId, timeoutMs, maxConcurrency, collect = 'sinks', key, strict, reuse, cache } = flags;
  const options: ExecuteOptions<object, string, string, 'sinks'> = {
    // The engine checks the ids.
    collect: collect as 'sinks',
    // No caller can ask for them once this node is gone; a dashboard shows them until it goes.
    retainMs: flags.dashboard === undefined ? 0 : KEPT_MS,
    ...(strategy !== undefined && { allocationStrategy: strategy as ExecuteOptions['allocationStrategy'] & string }),
    ...(maxRetries !== undefined && { maxRetries }),
    ...(onFailure && { onFailure }),
    ...(dagId !== undefined && { dagId }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...(input && { inputs: Object.fromEntries(input) }),
    ...(key !== undefined && { key, waitMs: DRIVER_WAIT_MS }),
    ...(strict && { durability: 'strict' }),
    ...(reuse && { reuse }),
    ...(cache === false && { cache }),
  };
  return flags.local ? handoff.executeLocal(dag, options) : handoff.execute(dag, options);
}
