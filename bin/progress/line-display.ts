import type { RunEvent } from '../../lib/index.js';
import { terminalLine, terminalName } from '../report/terminal-text.js';
import { type Display, type DisplayStream, durationText } from './display.js';
import type { Group } from './groups.js';
import { type GroupTally, Tally } from './tally.js';

/** In a larger group only every tenth function is reported. */
const TOLD_ONE_BY_ONE = 20;

/** Prints a line for each event, where there is no terminal: in a log lines are easy to read. */
export function lineDisplay({ groups, stream }: { readonly groups: readonly Group[]; readonly stream: DisplayStream }): Display {
  const tally = new Tally(groups);
  const print = (line: string): void => void stream.write(`${line.replace(/\n$/, '')}\n`);
  return {
    tell(event: RunEvent): void {
      const group = tally.count(event);
      if (event.type === 'function-succeeded' && tally.isOfParts(event.functionId) && !tally.hasStarted(event.functionId)) return;
      const line = lineOf(event, group);
      if (line !== undefined) print(line);
    },
    print,
    pass: (text) => void stream.write(text),
    stop() {},
  };
}

/** Returns the line for an event. Failures of the run are left to the report that follows. */
function lineOf(event: RunEvent, group: GroupTally | undefined): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `handoff: running "${terminalName(event.dagId)}": ${event.total} ${event.total === 1 ? 'function' : 'functions'}`;
    case 'function-succeeded':
      if (event.source !== 'run') return undefined;
      if (!group || group.total <= TOLD_ONE_BY_ONE)
        return `handoff: ${terminalName(event.functionId)} done in ${durationText(event.tookMs)}`;
      return isTenth(group) ? `handoff: ${terminalName(group.label)} ${group.succeeded}/${group.total} done` : undefined;
    case 'function-resting':
      return (
        `handoff: ${terminalName(event.functionId)} failed on attempt ${event.attempt}, ` +
        `tried again in ${durationText(event.delayMs)}: ${terminalLine(event.error.message)}`
      );
    case 'function-failed':
      return `handoff: ${terminalName(event.functionId)} failed ${event.attempt === 0 ? 'before it ran' : `on attempt ${event.attempt}`}`;
    case 'function-skipped':
      if (group && group.total > TOLD_ONE_BY_ONE) return undefined;
      return `handoff: ${terminalName(event.functionId)} ${SKIPPED[event.reason]}`;
    case 'function-lost':
      return `handoff: ${terminalName(event.functionId)} was lost with node ${terminalName(event.node)}`;
    case 'run-completed':
      return `handoff: done in ${durationText(event.durationMs)}`;
    default:
      return undefined;
  }
}

const SKIPPED = {
  'not-taken': 'was not taken',
  'producer-failed': 'was skipped: a function that it needs failed',
} as const;

const isTenth = ({ succeeded, total }: GroupTally): boolean =>
  Math.floor((succeeded * 10) / total) > Math.floor(((succeeded - 1) * 10) / total);
