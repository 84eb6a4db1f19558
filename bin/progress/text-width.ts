import stringWidth from 'string-width';

/** How many columns of a terminal a text takes: wide characters and emoji take two, combining marks none. */
export const widthOf = (text: string): number => stringWidth(text, { ambiguousIsNarrow: true });

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A text of at most `columns` columns: whole, or cut between two characters as they are seen, with `…` at its end. */
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

/** A text of exactly `columns` columns: cut, or with blanks behind it. */
export function padded(text: string, columns: number): string {
  const shown = fitted(text, columns);
  return shown + ' '.repeat(Math.max(0, columns - widthOf(shown)));
}
