/**
 * Characters that are invisible or move what stands around them: control characters (C0, C1), format characters (direction marks,
 * zero-width ones), line and paragraph separators, lone surrogates, and characters that fonts leave out. Variation selectors are not
 * included, as they belong to ordinary text. Source: Unicode TR36, TR39; CVE-2021-42574.
 */
const UNSEEN = /(?!\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The same without tabs, and without the two joiners that some scripts and emoji need. */
const UNSEEN_IN_LINE = /(?!\p{Variation_Selector}|[\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The same without line ends as well. */
const UNSEEN_IN_LINES = /(?!\p{Variation_Selector}|[\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The same without line ends only: outside of its strings JSON contains no other of these. */
const UNSEEN_IN_JSON = /(?!\p{Variation_Selector}|[\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const [ESC, BEL, CSI] = ['\u001b', '\u0007', '\u009b'] as const;

/**
 * Escape sequences: those for the terminal itself (a title, a link), those that move and colour, and the short ones. Node's own
 * `stripVTControlCharacters` removes text with them in 20 and 22 (all of `\u001b[31mred\u0007`), but not in 24. Source: ECMA-48.
 */
const SEQUENCE = new RegExp(
  [`${ESC}[\\]PX^_][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)`, `(?:${ESC}\\[|${CSI})[0-?]*[ -/]*[@-~]`, `${ESC}[ -/]*[0-~]`].join('|'),
  'g',
);

const withoutSequences = (text: string): string => text.replace(SEQUENCE, '');

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/**
 * Makes a name, an id or an address safe for a terminal: one line, with invisible characters as `\uXXXX`. Names come from users and other
 * nodes. They must not move the cursor, reverse text, or look like another name.
 */
export const terminalName = (text: string): string => text.replace(UNSEEN, escaped);

/**
 * Makes one line of a function's output, or of the log, safe for a terminal. A line that was overwritten with `\r` keeps its last state.
 * Escape sequences are removed, other invisible characters become `\uXXXX`.
 */
export function terminalLine(text: string): string {
  const line = text.replace(/\r+$/, '').replace(/^.*\r/s, '');
  return withoutSequences(line).replace(UNSEEN_IN_LINE, escaped);
}

/** Makes several lines that are not ours, such as an error's message, safe for a terminal: like `terminalLine`, but keeps line ends. */
export const terminalLines = (text: string): string => withoutSequences(text.replace(/\r\n/g, '\n')).replace(UNSEEN_IN_LINES, escaped);

/** Makes JSON safe to show: the same document, with invisible characters as `\uXXXX`. */
export const terminalJson = (json: string): string => json.replace(UNSEEN_IN_JSON, escaped);
