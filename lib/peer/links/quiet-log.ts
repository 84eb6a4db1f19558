import type { Clock, Logger, Timer } from '../../base/index.js';

const MINUTE_MS = 60_000;

interface Kind {
  lines: number;
  /** How many were left out since the last line. */
  count: number;
  fields: object;
}

/**
 * Logs warnings that strangers can cause at will: of each kind at most `perMinute` lines a minute. Further ones are counted, and reported
 * once the minute is over, with the fields of the last.
 */
export class QuietLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Logs a warning. `message` is its kind. */
  warn(fields: object, message: string, perMinute: number): void {
    if (this.#isClosed) return;
    let kind = this.#kinds.get(message);
    if (!kind) {
      kind = { lines: 0, count: 0, fields };
      this.#kinds.set(message, kind);
    }
    kind.fields = fields;
    if (kind.lines < perMinute) {
      kind.lines += 1;
      this.#logger.warn(fields, message);
    } else kind.count += 1;
    this.#timer ??= this.#clock.after(MINUTE_MS, () => this.#minuteOver());
  }

  /** Ends logging: later warnings are dropped. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#kinds.clear();
  }

  #minuteOver(): void {
    this.#timer = undefined;
    for (const [message, kind] of [...this.#kinds]) {
      const { count, fields } = kind;
      if (count === 0) {
        this.#kinds.delete(message);
        continue;
      }
      this.#logger.warn({ ...fields, count }, message);
      Object.assign(kind, { lines: 1, count: 0 });
      this.#timer ??= this.#clock.after(MINUTE_MS, () => this.#minuteOver());
    }
  }
}
