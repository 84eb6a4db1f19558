import pico from 'picocolors';

/** Functions that colour a text. Without colours each returns the text as it is. */
export type Colors = ReturnType<typeof pico.createColors>;

/** Returns the colours of a stream: none unless it is a terminal that supports them, and none if `NO_COLOR` is set (no-color.org). */
export function colorsFor(stream: { readonly isTTY?: boolean }): Colors {
  const isWanted = !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return pico.createColors(isWanted && stream.isTTY === true);
}
