/** How large a terminal is. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Line by line: what is erased from the top of the screen on, tmux keeps in its scrollback. */
const ERASE_LINE = '\u001b[2K';
const LINE_UP = '\u001b[1A';
/** To the start of a new line below everything that stands on the screen. */
const BELOW_ALL = '\u001b[999B\r\n';

/**
 * The last lines on a terminal, which are drawn over again and again, and what goes by above them. What goes by is written as it is: the
 * terminal wraps it and keeps it whole in its scrollback. Pure: every method returns what is to be written. The cursor rests behind the
 * last line of the area.
 *
 * A terminal whose width changes wraps its lines anew, and where the cursor stands afterwards cannot be known (tmux 3.3 puts it elsewhere
 * where wide characters were wrapped). Then nothing is drawn over: the area stays behind, a new one begins below everything, and no line of
 * output is lost.
 */
export class LiveArea {
  /** How many lines of the area stand on the terminal. */
  #drawn = 0;
  #columns: number | undefined;
  #isCursorHidden = false;

  /** The width of the terminal when something was written last; `undefined` before that. */
  get columns(): number | undefined {
    return this.#columns;
  }

  /**
   * Writes `above` and draws the area anew below it; without `lines` there is none until the next time. What does not fit on the screen is
   * left out at its end.
   */
  draw(above: string, lines: readonly string[], size: ScreenSize): string {
    const shown = lines.slice(0, Math.max(1, size.rows - 1));
    const begin = this.#isCursorHidden ? '' : HIDE_CURSOR;
    this.#isCursorHidden = true;
    const text = `${begin}${this.#erase(size)}${above}${shown.join('\r\n')}`;
    this.#drawn = shown.length;
    return text;
  }

  /** Writes `above`, then the lines a last time, which go by like all others. Nothing is drawn over afterwards. */
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
