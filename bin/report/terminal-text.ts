/**
 * What does not show itself, or moves what stands around it: control characters (C0, C1), format characters (those that turn the direction
 * of writing, zero-width ones), line and paragraph separators, half surrogate pairs, and what fonts leave out. Not variation selectors,
 * which belong to ordinary text. Source: Unicode TR36, TR39; CVE-2021-42574.
 */
const UNSEEN = /(?!\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The same but for tabs, and for the two joiners, which some scripts and emoji are written with. */
const UNSEEN_IN_LINE = /(?!\p{Variation_Selector}|[\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The same but for line ends. */
const UNSEEN_IN_LINES = /(?!\p{Variation_Selector}|[\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** In JSON outside of its strings there is none of these but line ends. */
const UNSEEN_IN_JSON = /(?!\p{Variation_Selector}|[\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const [ESC, BEL, CSI] = ['\u001b', '\u0007', '\u009b'] as const;

/**
 * Escape sequences: what goes to the terminal itself (a title, a link), what moves and colours, and the short ones. Node's own
 * `stripVTControlCharacters` takes text away with them in 20 and 22 (of `\u001b[31mred\u0007` all), and does not in 24. Source: ECMA-48.
 */
const SEQUENCE = new RegExp(
  [`${ESC}[\\]PX^_][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)`, `(?:${ESC}\\[|${CSI})[0-?]*[ -/]*[@-~]`, `${ESC}[ -/]*[0-~]`].join('|'),
  'g',
);

const withoutSequences = (text: string): string => text.replace(SEQUENCE, '');

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/**
 * A name, an id or an address as a terminal may show it: one line, in which whatever is unseen stands as `\uXXXX`. Names come from users
 * and from other nodes; none can move the cursor, turn the text around it, or pass for another that looks the same.
 */
export const terminalName = (text: string): string => text.replace(UNSEEN, escaped);

/**
 * One line of a function's output, or of the log, as a terminal may show it: of a line that was drawn over (`\r`) the last state; colours
 * and other escape sequences are left out, what else is unseen stands as `\uXXXX`.
 */
export function terminalLine(text: string): string {
  const line = text.replace(/\r+$/, '').replace(/^.*\r/s, '');
  return withoutSequences(line).replace(UNSEEN_IN_LINE, escaped);
}

/** Several lines that are no output of ours, such as the message of an error: as `terminalLine`, but that line ends stay. */
export const terminalLines = (text: string): string => withoutSequences(text.replace(/\r\n/g, '\n')).replace(UNSEEN_IN_LINES, escaped);

/** JSON as it may be shown: the same document, in which whatever is unseen stands as `\uXXXX`. */
export const terminalJson = (json: string): string => json.replace(UNSEEN_IN_JSON, escaped);
