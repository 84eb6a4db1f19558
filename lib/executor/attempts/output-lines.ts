import { StringDecoder } from 'node:string_decoder';

/** The longest line that is passed on, in UTF-16 units; what is longer is cut, with a mark. */
export const LINE_CHARACTERS = 16 * 1024;

/**
 * How many lines of one attempt are passed on within `WINDOW_MS`, and how much text. What is more is left out, and counted. As systemd's
 * journal does it (`RateLimitBurst` 10,000 in 30 s): a log must not take the node's memory, nor its time.
 */
export const LINES_PER_WINDOW = 10_000;
const TEXT_PER_WINDOW = 4 * 1024 * 1024;
/** The length of a window, ms: after it a budget is whole again. */
export const WINDOW_MS = 10_000;

/** How much an attempt may still write, on both streams. Pure, but for `now`: monotonic milliseconds. */
export class LineBudget {
  readonly #now: () => number;
  #startedMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #characters = 0;
  #leftOut = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a line may be passed on; it is counted. */
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

  /** What is to be said of lines that were left out, once. */
  takeNotice(): string | undefined {
    const count = this.#leftOut;
    if (count === 0) return undefined;
    this.#leftOut = 0;
    return `${count} line${count === 1 ? '' : 's'} left out: too many within ${WINDOW_MS / 1000} s`;
  }
}

/**
 * Makes lines of what is written to one stream, in time and memory that do not depend on how it is cut into pieces. A line ends with `\n`,
 * `\r\n` or `\r`; a `\r` at the beginning of one, as progress bars write it, ends none.
 */
export class OutputLines {
  readonly #budget: LineBudget;
  readonly #tell: (line: string) => void;
  #decoder: StringDecoder | undefined;
  #begun = '';
  /** How much of the line that was begun is left out, in UTF-16 units. */
  #cut = 0;
  /** Whether the last line ended with `\r`, of which a `\n` may follow. */
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

  /** Passes on a line that was begun and will not be ended, and says what was left out. */
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
      // Each is looked for anew only when it has been passed: else much text would be searched again and again.
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
