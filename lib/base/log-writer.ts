import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** The most characters that may wait for a reader that does not read. Further lines are dropped and counted. */
export const LOG_BACKLOG_CHARACTERS = 1024 * 1024;

/**
 * Writes log lines without ever costing the node anything. A line is dropped when the target fails, or when too much waits for its reader.
 * `state` is `'lost'` from then until a line is written again. `notice(lines)` stands before that line and says how many are missing.
 */
export class LogWriter {
  readonly #target: LogTarget;
  readonly #notice: (lines: number) => string;
  /** Characters passed to the target and not yet written. */
  #waiting = 0;
  /** Missing lines, and those of them that a notice on its way reports. */
  #missing = 0;
  #announced = 0;
  #isOver = false;

  constructor(target: LogTarget, notice: (lines: number) => string) {
    this.#target = target;
    this.#notice = notice;
  }

  /** `'lost'` while lines are missing that no notice has reported. */
  get state(): LogState {
    return this.#missing + this.#announced > 0 ? 'lost' : 'ok';
  }

  /** Writes one line, which ends with a line feed. Never throws, never blocks. */
  write(line: string): void {
    if (this.#isOver || this.#waiting + line.length > LOG_BACKLOG_CHARACTERS) {
      this.#missing += 1;
      return;
    }
    const missing = this.#missing;
    const text = missing > 0 ? this.#notice(missing) + line : line;
    this.#missing = 0;
    this.#announced += missing;
    this.#waiting += text.length;
    let isSettled = false;
    const written = (error?: Error | null): void => {
      if (isSettled) return;
      isSettled = true;
      this.#waiting -= text.length;
      this.#announced -= missing;
      if (!error) return;
      this.#missing += missing + 1;
      this.#isOver ||= this.#target.isFinal;
    };
    try {
      this.#target.write(text, written);
    } catch (error) {
      written(error instanceof Error ? error : new Error('the target failed'));
    }
  }
}

/** Standard error of this process. Whatever it is, a write neither blocks nor throws. */
export function standardError(): LogTarget {
  return isFile() ? fileTarget : streamTarget();
}

const STANDARD_ERROR = 2;

/** Whether standard error is a file. For Node, terminals, pipes and sockets are streams. */
function isFile(): boolean {
  try {
    const stats = fstatSync(STANDARD_ERROR);
    return !isatty(STANDARD_ERROR) && !stats.isFIFO() && !stats.isSocket();
  } catch {
    return false;
  }
}

/** A file or a device. It is written to directly: a stream is useless after its first error, and keeps everything written to it. */
const fileTarget: LogTarget = {
  isFinal: false,
  write(text, written) {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length; ) at += writeSync(STANDARD_ERROR, bytes, at);
    written();
  },
};

let streams: LogTarget | undefined;

function streamTarget(): LogTarget {
  if (streams) return streams;
  const { stderr } = process;
  // The prototype's `write`, not the stream's own: output capture replaces the latter, so that functions' lines come here.
  const write: (text: string, written: (error?: Error | null) => void) => boolean = Object.getPrototypeOf(stderr).write;
  // Without a listener, an error of the stream would end the process.
  stderr.on('error', () => {});
  streams = { isFinal: true, write: (text, written) => void write.call(stderr, text, written) };
  return streams;
}

/** Whether a node's log lines are written. `'lost'` lasts from the first line that could not be written to the next one that could. */
export type LogState = 'ok' | 'lost';

/** Where log lines go. */
export interface LogTarget {
  /**
   * Writes a text, or passes it on to be written soon. `written` is called once, with an error if the text could not be written. Never
   * waits for a reader. It may throw, which means the same as an error.
   */
  write(text: string, written: (error?: Error | null) => void): void;
  /** Whether a failure is final. A pipe without a reader stays so; a full disk may be emptied. */
  readonly isFinal: boolean;
}
