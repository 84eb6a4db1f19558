import { Handoff, HandoffError, type NodeOptions, type Run } from '../lib/index.js';
import { ExitCode, usage } from './exit-codes.js';
import { type Display, displayLogger } from './progress/display.js';
import { type Colors, colorsFor } from './report/colors.js';
import { resultsJson, resultsText } from './report/results.js';
import { terminalLine, terminalName } from './report/terminal-text.js';
import type { Session } from './session.js';

/** How a command shows its runs. */
export interface Showing {
  /** The beginning of messages about wrong usage: `Cannot run`. */
  readonly cannot: string;
  readonly display: Display;
  readonly colors: Colors;
  readonly session: Session;
  /** Whether a folder that another node uses is done without. */
  readonly isFolderSpare?: boolean;
}

/**
 * Starts a node, calls `body` while all output goes through the display, and stops the node. An interruption is no failure: what `body`
 * throws after it is not thrown.
 */
export async function onShownNode(
  options: NodeOptions,
  showing: Showing,
  body: (handoff: Handoff) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { cannot, display, colors, session } = showing;
  const { output, interrupt, standardError } = session;
  session.clearTerminal = () => display.stop();
  // Other output would be overwritten by the display, so it is passed through it.
  for (const stream of [output, standardError]) stream.divertOthers((text) => display.pass(text));
  let handoff: Handoff | undefined;
  try {
    handoff = await usage(cannot, () => started({ ...options, logger: displayLogger(display, colors) }, showing));
    interrupt.endsFirst(handoff);
    return await body(handoff);
  } catch (error) {
    if (interrupt.isInterrupted) return ExitCode.interrupted;
    throw error;
  } finally {
    display.stop();
    for (const stream of [output, standardError]) stream.divertOthers(undefined);
    await handoff?.stop({ graceMs: 0 });
  }
}

async function started(options: NodeOptions, { isFolderSpare, display }: Showing): Promise<Handoff> {
  try {
    return await Handoff.start(options);
  } catch (error) {
    const isInUse = HandoffError.is(error, 'HANDOFF_STORAGE_FAILED') && error.reason === 'in-use';
    if (!isInUse || !isFolderSpare) throw error;
    display.print('handoff: another node uses the folder: no result is remembered');
    const { dataDir: _, ...others } = options;
    return Handoff.start(others);
  }
}

/** Shows a run until it has ended, and how much of it had been recorded. The first signal cancels it. Returns its results. */
export async function shownResults<R>(run: Run<R>, { cannot, display, session: { interrupt } }: Showing): Promise<R> {
  interrupt.ends(() => {
    display.print('handoff: interrupted');
    void run.cancel('interrupted');
  });
  let hasRecord = false;
  let hasStarted = false;
  let remembered = 0;
  const ran = new Set<string>();
  for await (const event of run) {
    display.tell(event);
    if (event.type === 'function-started') hasStarted = true;
    if (event.type !== 'function-succeeded') continue;
    if (event.source === 'journal') hasRecord = true;
    else {
      ran.add(event.functionId);
      if (event.source === 'cache') remembered += 1;
    }
  }
  display.stop();
  // A run that has completed tells only of what is collected.
  const recorded = hasRecord ? run.progress.succeeded - ran.size : 0;
  if (recorded > 0) display.print(`handoff: ${recorded} of ${run.progress.total} functions did not run: their results had been recorded`);
  const which = hasStarted ? `${remembered} of ${run.progress.total} functions did not run: their` : `nothing had to run: ${remembered}`;
  if (remembered > 0) display.print(`handoff: ${which} results were remembered`);
  const { results, failures } = await usage(cannot, () => run);
  for (const line of toleratedLines(failures)) display.print(line);
  return results;
}

/** So many functions that failed without failing the run are named. */
const NAMED_FAILURES = 10;

/** Returns what is told of functions that failed without failing the run. */
function toleratedLines(failures: Readonly<Record<string, HandoffError>>): readonly string[] {
  const ids = Object.keys(failures);
  const lines = ids.slice(0, NAMED_FAILURES).map((id) => `handoff: the run went on without ${toleratedText(id, failures[id]!)}`);
  const more = ids.length - lines.length;
  return more > 0 ? [...lines, `handoff: and without ${more} more`] : lines;
}

const toleratedText = (id: string, error: HandoffError): string => `${terminalName(id)}: ${terminalLine(error.message)}`;

/** The results as they are printed. */
export const printed = (results: Readonly<Record<string, unknown>>, { json }: { readonly json?: boolean }): string =>
  json ? resultsJson(results) : resultsText(results, colorsFor(process.stdout));
