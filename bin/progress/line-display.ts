import type { RunEvent } from '../../lib/index.js';
import { terminalLine, terminalName } from '../report/terminal-text.js';
import { type Display, type DisplayStream, durationText } from './display.js';
import type { Group } from './groups.js';
import { type GroupTally, Tally } from './tally.js';

/** Of a group with more functions than this, every tenth of them is told, not every one. */
const TOLD_ONE_BY_ONE = 20;

/** A line for each thing that happened, where there is no terminal: a log reads well line by line. */
export function lineDisplay({ groups, stream }: { readonly groups: readonly Group[]; readonly stream: DisplayStream }): Display {
  const tally = new Tally(groups);
  const print = (line: string): void => void stream.write(`${line.replace(/\n$/, '')}\n`);
  return {
    tell(event: RunEvent): void {
      const line = lineOf(event, tally.count(event));
      if (line !== undefined) print(line);
    },
    print,
    pass: (text) => void stream.write(text),
    stop() {},
  };
}

/** What is told of an event. Failures of the run are left to the report that follows. */
function lineOf(event: RunEvent, group: GroupTally | undefined): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `handoff: running "${terminalName(event.dagId)}": ${event.total} ${event.total === 1 ? 'function' : 'functions'}`;
    case 'function-succeeded':
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
    case 'function-lost':
      return `handoff: ${terminalName(event.functionId)} was lost with node ${terminalName(event.node)}`;
    case 'run-completed':
      return `handoff: done in ${durationText(event.durationMs)}`;
    default:
      return undefined;
  }
}

const isTenth = ({ succeeded, total }: GroupTally): boolean =>
  Math.floor((succeeded * 10) / total) > Math.floor(((succeeded - 1) * 10) / total);
