import type { ShownState } from '../../views/view-types.js';

/** The colours of one theme, as CSS colours of six hex digits. Each is the custom property `--<name>` too. */
export interface ThemeTokens {
  /** Behind everything. */
  readonly ground: string;
  /** Behind tables, cards and dialogs. */
  readonly panel: string;
  /** A row or control below the pointer, and the track of a bar. */
  readonly raised: string;
  /** Lines between things. */
  readonly line: string;
  /** The edges of controls, which must be seen. */
  readonly edge: string;
  /** Text. */
  readonly ink: string;
  /** Text that matters less. */
  readonly quiet: string;
  /** Links, the chosen tab, focus. */
  readonly accent: string;
  /** Text on `accent`. */
  readonly onAccent: string;
  /** The fill of bars of resources. */
  readonly fill: string;
  /** Something wants attention. */
  readonly warning: string;
  readonly warningGround: string;
  /** Something went wrong. */
  readonly danger: string;
  readonly dangerGround: string;
  /** Text on `danger`. */
  readonly onDanger: string;
}

/** The themes. */
export const THEME_NAMES = ['light', 'dark'] as const;
/** A theme. */
export type ThemeName = (typeof THEME_NAMES)[number];

/** The colours of each theme. `spec/observe/page/tokens.spec.ts` computes the contrast of every pair that is used. */
export const THEME_TOKENS: Readonly<Record<ThemeName, ThemeTokens>> = {
  light: {
    ground: '#f6f7f8',
    panel: '#ffffff',
    raised: '#eceef0',
    line: '#e1e4e7',
    edge: '#858d96',
    ink: '#1b1f24',
    quiet: '#57606a',
    accent: '#0b5fa5',
    onAccent: '#ffffff',
    fill: '#4a8cc4',
    warning: '#7a4b00',
    warningGround: '#fff4dc',
    danger: '#a3230f',
    dangerGround: '#fdeae6',
    onDanger: '#ffffff',
  },
  dark: {
    ground: '#0e1114',
    panel: '#161a1f',
    raised: '#242a31',
    line: '#2a3038',
    edge: '#757f8a',
    ink: '#e8ebee',
    quiet: '#a2abb5',
    accent: '#6db5f0',
    onAccent: '#0b1219',
    fill: '#3f85bf',
    warning: '#f2c063',
    warningGround: '#33270f',
    danger: '#ff9580',
    dangerGround: '#3a1a14',
    onDanger: '#210803',
  },
};

/** How a state is filled besides its colour, so that colour is never all that tells two apart. */
export type Pattern = 'plain' | 'striped' | 'hatched' | 'dotted';

/** How a state looks. Colours are those of Okabe and Ito, brightened for the dark theme; they differ in brightness too. */
export interface StateLook {
  readonly light: string;
  readonly dark: string;
  /** The colours of its mark, on it. */
  readonly onLight: string;
  readonly onDark: string;
  readonly pattern: Pattern;
  /** One character that stands beside the name: shapes differ as colours do. */
  readonly mark: string;
}

/** How each state looks, on every page. */
export const STATE_LOOKS: Readonly<Record<ShownState, StateLook>> = {
  succeeded: { light: '#009e73', dark: '#1fb58a', onLight: '#04150f', onDark: '#04150f', pattern: 'plain', mark: '✓' },
  running: { light: '#0072b2', dark: '#56b4e9', onLight: '#ffffff', onDark: '#04121c', pattern: 'striped', mark: '▶' },
  ready: { light: '#e6b800', dark: '#f0e442', onLight: '#1b1600', onDark: '#1b1600', pattern: 'plain', mark: '◆' },
  resting: { light: '#e69f00', dark: '#e69f00', onLight: '#1b1200', onDark: '#1b1200', pattern: 'dotted', mark: '↻' },
  waiting: { light: '#c9ced4', dark: '#4a525c', onLight: '#1b1f24', onDark: '#f4f6f8', pattern: 'plain', mark: '○' },
  failed: { light: '#111417', dark: '#f4f6f8', onLight: '#ffffff', onDark: '#111417', pattern: 'hatched', mark: '✕' },
  skipped: { light: '#a9b1ba', dark: '#6a747f', onLight: '#0d1013', onDark: '#0d1013', pattern: 'striped', mark: '⤼' },
  cancelled: { light: '#cc79a7', dark: '#cc79a7', onLight: '#1d0812', onDark: '#1d0812', pattern: 'hatched', mark: '■' },
};

/** The hatching of an attempt that was lost with its node. */
export const LOST_COLOUR: Readonly<Record<ThemeName, string>> = { light: '#8a4a75', dark: '#e0a3c8' };

/** The order of states in bars and legends: what is over first. */
export const STATES_IN_ORDER: readonly ShownState[] = [
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'running',
  'resting',
  'ready',
  'waiting',
];

/**
 * The colours of groups: those of Okabe and Ito and five more, moved apart until any two differ by 16 (CIE 1976) to people with usual sight
 * and to those who lack one kind of cone. None is near a failure, waiting, or the panel.
 */
export const GROUP_COLOURS: Readonly<Record<ThemeName, readonly string[]>> = {
  light: [
    '#0071cf',
    '#e77900',
    '#00644a',
    '#c24b85',
    '#00c5ff',
    '#c22b06',
    '#654792',
    '#80c94e',
    '#14a0b2',
    '#d8ae89',
    '#4042c6',
    '#a17d57',
  ],
  dark: [
    '#3c76d2',
    '#fc8e03',
    '#00753f',
    '#c27f7d',
    '#63dbff',
    '#cf5612',
    '#733d8d',
    '#94e151',
    '#47acb7',
    '#f3c299',
    '#96a6ff',
    '#a99e54',
  ],
};

/** FNV-1a, mixed as MurmurHash3 ends: names that differ in one letter, as stages do, are not neighbours. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const SIZE = GROUP_COLOURS.light.length;

/**
 * Gives each group of a run a place in the palette: that of its name's hash, or the next free one. So a name mostly has one colour in all
 * runs, and the first groups of one run always differ: by the hash alone, two of six would be equal in 78 of 100 runs. Groups that a run
 * adds later take no place of an earlier one.
 */
export function paletteOf(groups: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  let taken = new Set<number>();
  for (const group of groups) {
    if (places.has(group)) continue;
    if (taken.size === SIZE) taken = new Set();
    let place = hashOf(group) % SIZE;
    while (taken.has(place)) place = (place + 1) % SIZE;
    taken.add(place);
    places.set(group, place);
  }
  return places;
}

let palette: ReadonlyMap<string, number> = new Map();

/** Sets the palette of the run that is shown: its groups in the order of their first functions. */
export function setPaletteOf(groups: readonly string[]): void {
  palette = paletteOf(groups);
}

/** The place of a group in the palette of the run that is shown. */
export const paletteIndexOf = (group: string): number => palette.get(group) ?? hashOf(group) % SIZE;

/** The colour of a group. */
export const groupColour = (group: string, theme: ThemeName): string => GROUP_COLOURS[theme][paletteIndexOf(group)]!;
