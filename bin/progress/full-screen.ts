const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const ERASE_TO_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

const CTRL_C = '\u0003';

/** A terminal whose screen is taken over, and given back as it was. */
export interface ScreenTerminal {
  write(text: string): unknown;
  /** Keys come one by one, and are not shown; `undefined` if there is no keyboard. */
  readonly keyboard: Pick<NodeJS.ReadStream, 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'> | undefined;
  /** Calls `leave` however the process exits. Returns what forgets it. */
  atExit(leave: () => void): () => void;
}

/** The whole screen of a terminal, on its second page: what was on it is there again afterwards, however the process exits. */
export class FullScreen {
  readonly #terminal: ScreenTerminal;
  readonly #hear: (keys: Buffer | string) => void;
  readonly #forget: () => void;
  #isOpen = true;

  /** `ended` is called when `q` is pressed, or Ctrl-C. */
  constructor(terminal: ScreenTerminal, ended: (key: 'q' | 'ctrl-c') => void) {
    this.#terminal = terminal;
    this.#hear = (keys) => {
      const text = keys.toString();
      if (text.includes(CTRL_C)) ended('ctrl-c');
      else if (/q/i.test(text)) ended('q');
    };
    this.#forget = terminal.atExit(() => this.close());
    terminal.keyboard?.setRawMode(true);
    terminal.keyboard?.on('data', this.#hear);
    terminal.keyboard?.resume();
    terminal.write(ENTER);
  }

  /** Draws lines from the top, and clears what was there before. */
  draw(lines: readonly string[]): void {
    if (this.#isOpen) this.#terminal.write(`${HOME}${lines.map((line) => `${line}${ERASE_TO_LINE_END}`).join('\r\n')}${ERASE_BELOW}`);
  }

  /** Gives the terminal back. A repeated call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { keyboard } = this.#terminal;
    this.#terminal.write(LEAVE);
    keyboard?.off('data', this.#hear);
    keyboard?.setRawMode(false);
    keyboard?.pause();
    this.#forget();
  }
}
