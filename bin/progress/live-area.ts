/** The size of a terminal. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Erases line by line: tmux keeps in its scrollback what is erased from the top of the screen on. */
const ERASE_LINE = '\u001b[2K';
const LINE_UP = '\u001b[1A';
/** Moves to the start of a new line, below everything on the screen. */
const BELOW_ALL = '\u001b[999B\r\n';

/**
 * The last lines on a terminal, which are redrawn again and again, and the output that scrolls by above them. Output is written as it is:
 * the terminal wraps it and keeps it in its scrollback. Pure: every method returns the text to write. The cursor rests behind the last line
 * of the area.
 *
 * A terminal whose width changes wraps its lines anew, and the position of the cursor is then unknown (tmux 3.3 moves it where wide
 * characters were wrapped). Then nothing is overwritten: the area stays behind, a new one begins below everything, and no line of output is
 * lost.
 */
export class LiveArea {
  /** How many lines of the area are on the terminal. */
  #drawn = 0;
  #columns: number | undefined;
  #isCursorHidden = false;

  /** The terminal's width at the last write; `undefined` before that. */
  get columns(): number | undefined {
    return this.#columns;
  }

  /**
   * Writes `above` and redraws the area below it. Without `lines` there is no area until the next call. Lines that do not fit on the screen
   * are left out at the end.
   */
  draw(above: string, lines: readonly string[], size: ScreenSize): string {
    const shown = lines.slice(0, Math.max(1, size.rows - 1));
    const begin = this.#isCursorHidden ? '' : HIDE_CURSOR;
    this.#isCursorHidden = true;
    const text = `${begin}${this.#erase(size)}${above}${shown.join('\r\n')}`;
    this.#drawn = shown.length;
    return text;
  }

  /** Writes `above`, then the lines a last time as ordinary output. Nothing is overwritten afterwards. */
  end(above: string, lines: readonly string[], size: ScreenSize): string {
    const text = `${this.#erase(size)}${above}${this.#isCursorHidden ? SHOW_CURSOR : ''}${lines.map((line) => `${line}\n`).join('')}`;
    this.#drawn = 0;
    this.#isCursorHidden = false;
    return text;
  }

  #erase({ columns, rows }: ScreenSize): string {
    const isSameWidth = this.#columns === undefined || this.#columns === columns;
    this.#columns = columns;
    if (!isSameWidth) return BELOW_ALL;
    if (this.#drawn === 0) return '';
    const up = Math.min(rows, this.#drawn) - 1;
    return `\r${ERASE_LINE}${(LINE_UP + ERASE_LINE).repeat(up)}`;
  }
}
