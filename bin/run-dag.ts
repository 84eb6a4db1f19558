import { blameFunctions, type ExecuteOptions, type Extensions, type Handoff, HandoffError, type Run, strategyNames } from '../lib/index.js';
import { type LoadedDag, loadDag } from './dag/load-dag.js';
import { loadExtensions } from './dag/load-extensions.js';
import { DRIVER_WAIT_MS, type DurableFlags, neededPlace } from './durable-options.js';
import { ExitCode, UsageError } from './exit-codes.js';
import { type NodeFlags, nodeOptions } from './node-options.js';
import { quietDisplay } from './progress/display.js';
import { openDisplay } from './progress/open-display.js';
import { colorsFor } from './report/colors.js';
import type { Session } from './session.js';
import { onShownNode, printed, shownResults } from './shown-run.js';
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
  const options = { ...nodeOptions(flags), ...place, ...extensions };
  const colors = colorsFor(process.stderr);
  const display = flags.quiet ? quietDisplay : await openDisplay(dag, standardError.stream, colors);
  const showing = { cannot: 'Cannot run', display, colors, session };
  const print = (results: Readonly<Record<string, unknown>>): Promise<void> => output.write(printed(results, flags));
  let trace: TraceFile | undefined;
  try {
    if (flags.trace !== undefined) trace = openTraceFile(flags.trace, (reason) => display.print(`handoff: ${reason}`));
    return await onShownNode(options, showing, async (handoff) => {
      try {
        await print(await shownResults(execute(handoff, dag, flags), showing));
        return ExitCode.done;
      } catch (error) {
        if (!interrupt.isInterrupted && HandoffError.is(error) && Object.keys(error.results ?? {}).length > 0) await print(error.results!);
        throw error;
      }
    });
  } finally {
    display.stop();
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
