import { setTimeout as rest } from 'node:timers/promises';
import { type ClusterObserver, HandoffError, type RunEvent } from '../lib/index.js';
import { ExitCode } from './exit-codes.js';
import { FollowedRun } from './followed-run.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { type Colors, colorsFor } from './report/colors.js';
import { terminalJson, terminalLine, terminalName } from './report/terminal-text.js';
import type { Session } from './session.js';

/** The options of `handoff logs`, as commander reads them. */
export interface LogsFlags extends ClusterFlags {
  readonly run?: string;
  readonly function?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** How often new runs are looked for, ms. */
const LOOK_MS = 1000;

type Line = Extract<RunEvent, { type: 'function-output' | 'events-missed' }>;

/**
 * Prints the lines that functions have written: of one run, or of all that a cluster knows. With `follow` it goes on: until that run has
 * ended, or until interrupted. Throws the error of a run that no node knows, or whose driver is lost.
 */
export async function showLogs(flags: LogsFlags, { output }: Session): Promise<ExitCode> {
  await using observer = await openObserver(flags, 'Cannot show what functions have written');
  const reader = new LogReader(observer, flags);
  const colors = colorsFor(process.stdout);
  const print = (line: Line): Promise<void> =>
    output.write(flags.json ? `${terminalJson(JSON.stringify(line))}\n` : lineText(line, flags.run === undefined, colors));
  if (flags.follow) {
    await (flags.run === undefined ? reader.followAll(print, () => output.isOpen) : reader.read(flags.run, print));
    return ExitCode.done;
  }
  const lines: Line[] = [];
  if (flags.run === undefined) await reader.readAll((line) => void lines.push(line));
  else await reader.read(flags.run, (line) => void lines.push(line));
  // Of several runs the lines are sorted by the clocks of their drivers.
  if (flags.run === undefined) lines.sort((one, other) => one.atMs - other.atMs);
  if (flags.json) await output.write(`${terminalJson(JSON.stringify(lines))}\n`);
  else for (const line of lines) await print(line);
  return ExitCode.done;
}

/** Reads the lines of runs, and what was missed of them. */
class LogReader {
  readonly #observer: ClusterObserver;
  readonly #flags: LogsFlags;

  constructor(observer: ClusterObserver, flags: LogsFlags) {
    this.#observer = observer;
    this.#flags = flags;
  }

  async read(runId: string, print: (line: Line) => Promise<void> | void): Promise<void> {
    const { function: functionId, follow = false } = this.#flags;
    for await (const event of this.#observer.watch(runId, { output: true, follow })) {
      if (event.type === 'events-missed') await print(event);
      if (event.type === 'function-output' && (functionId === undefined || event.functionId === functionId)) await print(event);
    }
  }

  /** Reads all runs, but for those that ended long ago or whose driver is lost. */
  async readAll(print: (line: Line) => Promise<void> | void): Promise<void> {
    for (const { runId } of (await this.#observer.allRuns()).toReversed()) await this.#readIfThere(runId, print);
  }

  /** Reads all runs, also those that begin later, and those that go on with another driver or another start. */
  async followAll(print: (line: Line) => Promise<void>, goesOn: () => boolean): Promise<void> {
    const followed = new Map<string, FollowedRun>();
    let failure: { readonly error: unknown } | undefined;
    while (goesOn() && !failure) {
      const runs = await this.#observer.allRuns();
      for (const summary of runs.toReversed()) {
        const known = followed.get(summary.runId) ?? new FollowedRun();
        followed.set(summary.runId, known);
        if (!known.begins(summary)) continue;
        const read = this.read(summary.runId, (line) => (known.isNew(line) ? print(line) : undefined));
        read.then(
          () => known.ended(true),
          (error: unknown) => {
            known.ended(isNotThere(error));
            if (!isNotThere(error) && !isOutOfReach(error)) failure = { error };
          },
        );
      }
      const listed = new Set(runs.map(({ runId }) => runId));
      for (const [runId, run] of followed) if (run.isRead && !listed.has(runId)) followed.delete(runId);
      await rest(LOOK_MS);
    }
    if (failure) throw failure.error;
  }

  async #readIfThere(runId: string, print: (line: Line) => Promise<void> | void): Promise<void> {
    try {
      await this.read(runId, print);
    } catch (error) {
      if (!isNotThere(error) && !HandoffError.is(error, 'HANDOFF_NODE_LOST')) throw error;
    }
  }
}

const isNotThere = (error: unknown): boolean => HandoffError.is(error, 'HANDOFF_NOT_FOUND');

/** It may be in reach again, or go on elsewhere. */
const isOutOfReach = (error: unknown): boolean => HandoffError.is(error, 'HANDOFF_NODE_LOST') || HandoffError.is(error, 'HANDOFF_TIMEOUT');

/** A line for a person: who has written it, and what. `isOfMany`: lines of several runs go by. */
export function lineText(line: Line, isOfMany: boolean, colors: Colors): string {
  const run = isOfMany ? `${terminalName(line.dagId)} ` : '';
  if (line.type === 'events-missed') {
    const what = line.count === 1 ? '1 event or line is' : `${line.count} events or lines are`;
    return colors.dim(`${run}… ${what} missing: they came faster than they could be read`).concat('\n');
  }
  const { functionId, attempt, node, stream } = line;
  const who = `${run}${terminalName(functionId)}${attempt > 1 ? ` (attempt ${attempt})` : ''} on ${terminalName(node)}`;
  const text = terminalLine(line.line);
  return `${colors.cyan(who)} ${colors.dim('|')} ${stream === 'stderr' ? colors.yellow(text) : text}\n`;
}
