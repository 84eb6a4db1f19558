import { textOf } from '../../base/index.js';
import type { Progress, RunCommand } from '../brain/messages.js';
import { progressOf } from '../brain/progress.js';
import { recover } from '../brain/recover.js';
import { reasonOf } from '../brain/run-end.js';
import { isRunFault } from '../brain/run-fault.js';
import { type Moment, newRunState, type RunState } from '../brain/run-state.js';
import { stepRun } from '../brain/run-step.js';
import { transitionsOf, transitionText } from '../brain/transition-log.js';
import { type HappeningShapes, happeningShapes, readHappening, readHeader, stateFacts, type TracedHappening } from './trace-lines.js';

/** How many transitions a report has, at most. */
const TRANSITIONS_TOLD = 20;

/** Repeats a run from the lines of its trace: the same happenings give the same state. None of the user's functions runs. */
export class TraceReplay {
  #state: RunState | undefined;
  #shapes: HappeningShapes = new Map();
  #line = 0;
  #happenings = 0;
  #at: Moment = { nowMs: 0, wallMs: 0 };
  #startMs: number | undefined;
  #bad: number | undefined;
  readonly #faults: string[] = [];

  /** The state of the run after the lines so far. Throws `TypeError` before the first line. */
  get state(): RunState {
    if (!this.#state) throw new TypeError('Cannot replay: the file is empty');
    return this.#state;
  }

  /** Applies the next line. Throws `TypeError` if the file is not a trace, has another version, is damaged, or lacks the line before. */
  add(line: string): void {
    this.#line += 1;
    if (this.#bad !== undefined) throw new TypeError(`Cannot replay: line ${this.#bad} is damaged: it is no happening of a run`);
    if (!this.#state) {
      const header = readHeader(line);
      const { plan, policy } = stateFacts(header);
      this.#state = newRunState(header.runId, plan, policy);
      this.#shapes = happeningShapes(plan);
      return;
    }
    const entry = readHappening(line, this.#shapes);
    // The last line of a process that was killed may be cut off.
    if (!entry) this.#bad = this.#line;
    else if (entry.number !== this.#line) throw new TypeError(`Cannot replay: ${misplaced(this.#line, entry.number)}`);
    else this.#apply(entry);
  }

  #apply({ happening, at }: TracedHappening): void {
    this.#happenings += 1;
    this.#at = at;
    this.#startMs ??= at.nowMs;
    try {
      stepRun(this.state, happening, at, []);
    } catch (error) {
      // As in the run itself: its next DagRunner tried it again, or it was left out.
      this.#faults.push(`line ${this.#line}: ${textOf(error)}`);
    }
  }

  /** Returns the outcome, after the last line. */
  report(): ReplayedRun {
    const { state } = this;
    const { plan } = state;
    const startMs = this.#startMs ?? 0;
    const error = reasonOf(state);
    return {
      runId: state.runId,
      dagId: plan.dagId,
      phase: state.phase,
      error: error && (isRunFault(error) ? error.message : error.text),
      progress: progressOf(state),
      happenings: this.#happenings,
      overMs: this.#at.nowMs - startMs,
      functions: plan.ids.map((functionId, index) => ({
        functionId,
        state: state.states[index]!,
        attempt: state.attempts[index]!,
        failures: state.failures[index]!,
        node: state.nodes[index],
      })),
      transitions: transitionsOf(state.transitions)
        .slice(-TRANSITIONS_TOLD)
        .map(([atMs, index, ...what]) => transitionText([atMs - startMs, index, ...what], plan.ids[index]!)),
      outstanding: (state.phase === 'ended' ? [] : recover(state, this.#at)).map((command) => commandText(command, plan.ids)),
      faults: this.#faults,
      cutOffLine: this.#bad,
    };
  }
}

/** Returns what is wrong with a trace whose line `wanted` was written as another one. */
function misplaced(wanted: number, written: number): string {
  if (written < wanted) return `line ${wanted} is damaged: it was written as line ${written}`;
  const missing = written - 1 === wanted ? `line ${wanted} is` : `lines ${wanted} to ${written - 1} are`;
  return `${missing} missing: line ${wanted - 1} is followed by line ${written}`;
}

/** Returns a command in words. */
export function commandText(command: RunCommand, ids: readonly string[]): string {
  const parts: string[] = [];
  if ('attempt' in command) parts.push(`attempt ${command.attempt}`);
  if ('node' in command) parts.push(`on ${command.node}`);
  if ('delayMs' in command) parts.push(`for ${Math.round(command.delayMs)} ms`);
  if ('graceMs' in command) parts.push(`within ${Math.round(command.graceMs)} ms`);
  if ('total' in command) parts.push(`${command.count} of ${command.total} from place ${command.from}`);
  const subject = 'index' in command ? `${command.type} ${ids[command.index]}` : command.type;
  return parts.length > 0 ? `${subject}, ${parts.join(', ')}` : subject;
}

/** A run at the end of its trace. */
export interface ReplayedRun {
  readonly runId: string;
  readonly dagId: string;
  readonly phase: RunState['phase'];
  /** Why it ends, or ended, without success. */
  readonly error: string | undefined;
  readonly progress: Progress;
  /** How many happenings were applied, and over how many ms. */
  readonly happenings: number;
  readonly overMs: number;
  readonly functions: readonly ReplayedFunction[];
  /** The last transitions of functions, the oldest first: `12.5 resize ready --placed--> placed`, the time in ms since the run began. */
  readonly transitions: readonly string[];
  /** The commands that were outstanding, such as `start-attempt resize, attempt 2`. Empty if the run has ended. */
  readonly outstanding: readonly string[];
  /** Happenings that could not be applied, each with its line: bugs of the engine. */
  readonly faults: readonly string[];
  /** The line that is cut off at the end of the file, which is left out. */
  readonly cutOffLine: number | undefined;
}

/** A function at the end of the trace. */
export interface ReplayedFunction {
  readonly functionId: string;
  readonly state: RunState['states'][number];
  /** The number of the attempt that is under way, or was last. */
  readonly attempt: number;
  /** How many attempts the function itself failed. */
  readonly failures: number;
  readonly node: string | undefined;
}
