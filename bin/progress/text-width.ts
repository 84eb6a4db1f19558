import stringWidth from 'string-width';

/** Returns how many columns of a terminal a text takes: wide characters and emoji take two, combining marks none. */
export const widthOf = (text: string): number => stringWidth(text, { ambiguousIsNarrow: true });

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Returns a text of at most `columns` columns. A longer one is cut between two visible characters and ends with `…`. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let shown = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}

/** Returns a text of exactly `columns` columns: cut, or padded with blanks. */
export function padded(text: string, columns: number): string {
  const shown = fitted(text, columns);
  return shown + ' '.repeat(Math.max(0, columns - widthOf(shown)));
}

/** Returns a table as lines: each column is as wide as its widest cell, with two blanks before the next one. */
export function columnLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => rows.reduce((width, row) => Math.max(width, widthOf(row[column]!)), 0));
  return rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
