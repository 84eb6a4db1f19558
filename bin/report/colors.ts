import pico from 'picocolors';

/** How text is coloured; each function returns its text as it is where there are to be no colours. */
export type Colors = ReturnType<typeof pico.createColors>;

/** The colours of a stream: none unless it is a terminal that knows them, and none where `NO_COLOR` is set (no-color.org). */
export function colorsFor(stream: { readonly isTTY?: boolean }): Colors {
  const isWanted = !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return pico.createColors(isWanted && stream.isTTY === true);
}
