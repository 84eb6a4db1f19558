import { StringDecoder } from 'node:string_decoder';

/** The longest line that is passed on, in UTF-16 units. A longer one is cut and marked. */
export const LINE_CHARACTERS = 16 * 1024;

/**
 * The most lines, and the most text, of one attempt that are passed on within `WINDOW_MS`. Further lines are left out and counted, as
 * systemd's journal does (`RateLimitBurst` 10,000 in 30 s): a log must not use up the node's memory or time.
 */
export const LINES_PER_WINDOW = 10_000;
const TEXT_PER_WINDOW = 4 * 1024 * 1024;
/** The length of a window, ms. After it the budget is full again. */
export const WINDOW_MS = 10_000;

/** How much an attempt may still write, on both streams. Pure, except for `now`: monotonic milliseconds. */
export class LineBudget {
  readonly #now: () => number;
  #startedMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #characters = 0;
  #leftOut = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a line. Returns whether it may be passed on. */
  allows(line: string): boolean {
    if (this.#lines === 0) this.#startedMs = this.#now();
    this.#lines += 1;
    this.#characters += line.length;
    if (this.#lines <= LINES_PER_WINDOW && this.#characters <= TEXT_PER_WINDOW) return true;
    // Written so that a clock that makes no sense leaves lines out.
    if (!(this.#now() - this.#startedMs >= WINDOW_MS)) {
      this.#leftOut += 1;
      return false;
    }
    this.#startedMs = this.#now();
    this.#lines = 1;
    this.#characters = line.length;
    return true;
  }

  /** Returns a notice of lines that were left out, once. */
  takeNotice(): string | undefined {
    const count = this.#leftOut;
    if (count === 0) return undefined;
    this.#leftOut = 0;
    return `${count} line${count === 1 ? '' : 's'} left out: too many within ${WINDOW_MS / 1000} s`;
  }
}

/**
 * Splits what is written to one stream into lines. Time and memory do not depend on how the text is cut into pieces. A line ends with `\n`,
 * `\r\n` or `\r`. A `\r` at the beginning of a line, as progress bars write it, ends none.
 */
export class OutputLines {
  readonly #budget: LineBudget;
  readonly #tell: (line: string) => void;
  #decoder: StringDecoder | undefined;
  #begun = '';
  /** How much of the unfinished line is left out, in UTF-16 units. */
  #cut = 0;
  /** Whether the last line ended with `\r`, which a `\n` may follow. */
  #isAfterReturn = false;

  constructor(budget: LineBudget, tell: (line: string) => void) {
    this.#budget = budget;
    this.#tell = tell;
  }

  /** Takes text, or bytes of UTF-8. */
  write(chunk: string | Uint8Array): void {
    if (typeof chunk === 'string') {
      const rest = this.#decoder?.end();
      this.#decoder = undefined;
      if (rest) this.#take(rest);
      this.#take(chunk);
      return;
    }
    this.#decoder ??= new StringDecoder('utf8');
    this.#take(this.#decoder.write(chunk as Buffer));
  }

  /** Passes on an unfinished line that will not be ended, and a notice of what was left out. */
  flush(): void {
    const rest = this.#decoder?.end();
    this.#decoder = undefined;
    if (rest) this.#take(rest);
    if (this.#begun !== '') this.#end();
    const notice = this.#budget.takeNotice();
    if (notice) this.#tell(notice);
  }

  #take(text: string): void {
    let from = 0;
    if (this.#isAfterReturn && text !== '') {
      this.#isAfterReturn = false;
      if (text[0] === '\n') from = 1;
    }
    let newline = text.indexOf('\n', from);
    let carriage = text.indexOf('\r', from);
    while (newline >= 0 || carriage >= 0) {
      if (carriage < 0 || (newline >= 0 && newline < carriage)) {
        this.#add(text, from, newline);
        this.#end();
        from = newline + 1;
      } else {
        this.#add(text, from, carriage);
        from = carriage + 1;
        if (newline === from) {
          this.#end();
          from += 1;
        } else if (this.#begun !== '') {
          this.#end();
          this.#isAfterReturn = from === text.length;
        }
      }
      // Each is searched again only when it has been passed; otherwise much text would be searched again and again.
      if (newline >= 0 && newline < from) newline = text.indexOf('\n', from);
      if (carriage >= 0 && carriage < from) carriage = text.indexOf('\r', from);
    }
    this.#add(text, from, text.length);
  }

  #add(text: string, from: number, to: number): void {
    const room = LINE_CHARACTERS - this.#begun.length;
    if (to - from <= room && this.#cut === 0) {
      if (to > from) this.#begun += text.slice(from, to);
      return;
    }
    let taken = this.#cut > 0 ? 0 : room;
    // Not between the halves of a character.
    if (taken > 0 && (text.charCodeAt(from + taken - 1) & 0xfc00) === 0xd800) taken -= 1;
    this.#begun += text.slice(from, from + taken);
    this.#cut += to - from - taken;
  }

  #end(): void {
    const line = this.#cut === 0 ? this.#begun : `${this.#begun} … (${this.#cut} characters left out)`;
    this.#begun = '';
    this.#cut = 0;
    if (!this.#budget.allows(line)) return;
    const notice = this.#budget.takeNotice();
    if (notice) this.#tell(notice);
    this.#tell(line);
  }
}
