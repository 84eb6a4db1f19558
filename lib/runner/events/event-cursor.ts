import type { RunEvent } from '../brain/messages.js';
import type { KeptLines } from './kept-lines.js';

/** What is kept of the events of a run. */
interface ReadableEvents {
  readonly runId: string;
  readonly dagId: string;
  /** The number of the oldest event that is kept. */
  readonly first: number;
  /** When it began: no other log of the run, of another driver, began then. */
  readonly beganAtMs: number;
  readonly count: number;
  readonly lines: KeptLines | undefined;
  at(number: number): RunEvent;
}

/** How far a reader has come: how many events of a run it has passed, and how many lines. */
export interface EventPosition {
  /** When the log began. The position says nothing of another one: of a driver that has taken the run over. */
  readonly log: number;
  readonly event: number;
  readonly line: number;
}

/**
 * Reads the events of a run one by one, and among them the lines of its functions if `output` is set. A reader that has fallen behind what
 * is kept gets one `events-missed` in place of what is gone. The log keeps nothing for a reader, so any number of them costs nothing.
 */
export class EventCursor {
  readonly #log: ReadableEvents;
  readonly #output: boolean;
  #event: number;
  #line: number;

  /** `from` is where another cursor stood. The default is the oldest event that is kept; what is gone by then is not missed. */
  constructor(log: ReadableEvents, output: boolean, from?: EventPosition) {
    this.#log = log;
    this.#output = output;
    const stood = from?.log === log.beganAtMs ? from : undefined;
    // A position that comes over the wire may lie.
    this.#event = Math.min(stood?.event ?? log.first, log.count);
    this.#line = Math.min(stood?.line ?? log.lines?.first ?? 0, log.lines?.count ?? 0);
  }

  get position(): EventPosition {
    return { log: this.#log.beganAtMs, event: this.#event, line: this.#line };
  }

  /** Whether `next` would return something. */
  get hasMore(): boolean {
    return this.#event < this.#log.count || (this.#output && this.#line < (this.#log.lines?.count ?? 0));
  }

  /** Returns what comes next; `undefined` if there is nothing yet. */
  next(): RunEvent | undefined {
    const log = this.#log;
    const lines = this.#output ? log.lines : undefined;
    const missed = Math.max(0, log.first - this.#event) + (lines ? Math.max(0, lines.first - this.#line) : 0);
    if (missed > 0) return this.#skip(missed);
    const line = lines?.at(this.#line);
    if (line && line.after <= this.#event) {
      this.#line += 1;
      const { after: _, ...what } = line;
      return { type: 'function-output', runId: log.runId, dagId: log.dagId, ...what };
    }
    if (this.#event === log.count) return undefined;
    const event = log.at(this.#event);
    this.#event += 1;
    return event;
  }

  #skip(count: number): RunEvent {
    const { runId, dagId, first, lines } = this.#log;
    this.#event = Math.max(this.#event, first);
    if (lines && this.#output) this.#line = Math.max(this.#line, lines.first);
    const atMs = lines?.at(this.#line)?.atMs ?? this.#log.at(first).atMs;
    return { type: 'events-missed', runId, dagId, atMs, count };
  }
}
