import { blameFunctions, type ExecuteOptions, type Extensions, Handoff, HandoffError, type Run, strategyNames } from '../lib/index.js';
import { type LoadedDag, loadDag } from './dag/load-dag.js';
import { loadExtensions } from './dag/load-extensions.js';
import { DRIVER_WAIT_MS, type DurableFlags, neededPlace } from './durable-options.js';
import { ExitCode, UsageError, usage } from './exit-codes.js';
import { type NodeFlags, nodeOptions } from './node-options.js';
import { type Display, displayLogger, quietDisplay } from './progress/display.js';
import { openDisplay } from './progress/open-display.js';
import { colorsFor } from './report/colors.js';
import { resultsJson, resultsText } from './report/results.js';
import type { Session } from './session.js';
import { openTraceFile, type TraceFile } from './trace-file.js';

/** The options of `handoff run`, as commander reads them. */
export interface RunFlags extends NodeFlags, DurableFlags {
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
  readonly trace?: string;
  readonly quiet?: boolean;
  readonly key?: string;
  readonly strict?: boolean;
  readonly reuse?: 'same-code' | 'same-wiring' | 'none';
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
  const dag = await loadDag(module);
  const extensions = await loadExtensions(flags.extensions);
  checkStrategy(flags.strategy, extensions);
  const colors = colorsFor(process.stderr);
  const display = flags.quiet ? quietDisplay : await openDisplay(dag, standardError.stream, colors);
  session.clearTerminal = () => display.stop();
  // Other output would be overwritten by the display, so it is passed through it.
  for (const stream of [output, standardError]) stream.divertOthers((text) => display.pass(text));
  const print = (results: Readonly<Record<string, unknown>>): Promise<void> => output.write(printed(results, flags));
  let handoff: Handoff | undefined;
  let trace: TraceFile | undefined;
  try {
    if (flags.trace !== undefined) trace = openTraceFile(flags.trace, (reason) => display.print(`handoff: ${reason}`));
    handoff = await usage('Cannot run', () =>
      Handoff.start({ ...nodeOptions(flags), ...place, ...extensions, logger: displayLogger(display, colors) }),
    );
    interrupt.endsFirst(handoff);
    const run = execute(handoff, dag, flags);
    interrupt.ends(() => {
      display.print('handoff: interrupted');
      void run.cancel('interrupted');
    });
    await print((await usage('Cannot run', () => followed(run, display))).results);
    return ExitCode.done;
  } catch (error) {
    if (interrupt.isInterrupted) return ExitCode.interrupted;
    if (HandoffError.is(error) && Object.keys(error.results ?? {}).length > 0) await print(error.results!);
    throw error;
  } finally {
    display.stop();
    for (const stream of [output, standardError]) stream.divertOthers(undefined);
    await handoff?.stop({ graceMs: 0 });
    await trace?.close();
  }
}

/** Where the run is recorded, if it has a key. Throws `UsageError` for options that go only with one. */
function durablePlace(flags: RunFlags): ReturnType<typeof neededPlace> {
  if (flags.key !== undefined) return neededPlace(flags, 'Cannot run with --key');
  for (const option of ['strict', 'reuse'] as const) {
    if (flags[option] !== undefined) throw new UsageError(`Cannot run: --${option} goes with --key`);
  }
  return {};
}

/** The results as they are printed. */
export const printed = (results: Readonly<Record<string, unknown>>, { json }: { readonly json?: boolean }): string =>
  json ? resultsJson(results) : resultsText(results, colorsFor(process.stdout));

/** Throws `UsageError` for an unknown strategy, before a node is started. */
function checkStrategy(strategy: string | undefined, { strategies = {} }: Extensions): void {
  const known = [...strategyNames, ...Object.keys(strategies)];
  if (strategy !== undefined && !known.includes(strategy))
    throw new UsageError(`Cannot run: --strategy must be one of ${known.join(', ')}, not "${strategy}"`);
}

function execute(handoff: Handoff, dag: LoadedDag, flags: RunFlags): Run<Record<string, unknown>> {
  const { strategy, maxRetries, onFailure, input, dagId, timeoutMs, maxConcurrency, collect = 'sinks', key, strict, reuse } = flags;
  const options: ExecuteOptions<object, string, string, 'sinks'> = {
    // The engine checks the ids.
    collect: collect as 'sinks',
    // No caller can ask for them once this node is gone.
    retainMs: 0,
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
  };
  return flags.local ? handoff.executeLocal(dag, options) : handoff.execute(dag, options);
}

/** Shows a run until it has ended, and how much of it had been recorded. */
export async function followed<R>(run: Run<R>, display: Display): Promise<Awaited<Run<R>>> {
  let recorded = 0;
  for await (const event of run) {
    display.tell(event);
    if (event.type === 'function-succeeded' && event.source === 'journal') recorded += 1;
  }
  display.stop();
  if (recorded > 0) display.print(`handoff: ${recorded} of ${run.progress.total} functions did not run: their results had been recorded`);
  return run;
}
