import { expect } from 'chai';
import {
  GROUP_COLOURS,
  paletteIndexOf,
  paletteOf,
  STATE_LOOKS,
  setPaletteOf,
  THEME_NAMES,
  THEME_TOKENS,
  type ThemeTokens,
} from '../../../lib/observe/page/theme/tokens.js';
import { contrast, difference, SIGHTS } from './colours.js';

/** Text, and what it stands on. */
const TEXTS: readonly (readonly [keyof ThemeTokens, keyof ThemeTokens])[] = [
  ...(['ground', 'panel', 'raised', 'warningGround', 'dangerGround'] as const).flatMap((below) =>
    (['ink', 'quiet', 'accent'] as const).map((text) => [text, below] as const),
  ),
  ['onAccent', 'accent'],
  ['warning', 'warningGround'],
  ['danger', 'dangerGround'],
  ['danger', 'panel'],
  ['onDanger', 'danger'],
];

/** What is no text and must be seen: the edges of controls, the fill of bars. */
const SHAPES: readonly (readonly [keyof ThemeTokens, keyof ThemeTokens])[] = [
  ['edge', 'ground'],
  ['edge', 'panel'],
  ['fill', 'raised'],
  ['fill', 'panel'],
];

describe('the colours of the page', () => {
  for (const theme of THEME_NAMES) {
    const tokens = THEME_TOKENS[theme];

    it(`have contrast enough for text and shapes: ${theme}`, () => {
      for (const [text, below] of TEXTS) expect(contrast(tokens[text], tokens[below]), `${text} on ${below}`).to.be.at.least(4.5);
      for (const [shape, below] of SHAPES) expect(contrast(tokens[shape], tokens[below]), `${shape} on ${below}`).to.be.at.least(3);
      for (const [state, look] of Object.entries(STATE_LOOKS)) {
        expect(contrast(look[theme], theme === 'light' ? look.onLight : look.onDark), `mark of ${state}`).to.be.at.least(3.9);
      }
    });

    it(`tell states apart whatever cones one lacks; those of one pattern differ much: ${theme}`, () => {
      const looks = Object.entries(STATE_LOOKS);
      expect(new Set(looks.map(([, { mark }]) => mark)).size).to.equal(looks.length);
      for (const sight of Object.keys(SIGHTS) as (keyof typeof SIGHTS)[]) {
        for (const [one, a] of looks) {
          for (const [other, b] of looks) {
            if (one < other && a.pattern === b.pattern)
              expect(difference(a[theme], b[theme], sight), `${one}, ${other}: ${sight}`).to.be.above(25);
          }
        }
      }
    });

    it(`tell groups apart, and from failures and what waits, whatever cones one lacks: ${theme}`, () => {
      const colours = GROUP_COLOURS[theme];
      expect(colours.length).to.equal(12);
      const others = [STATE_LOOKS.failed[theme], STATE_LOOKS.waiting[theme], tokens.panel];
      for (const sight of Object.keys(SIGHTS) as (keyof typeof SIGHTS)[]) {
        for (const [at, one] of colours.entries()) {
          for (const other of [...colours.slice(0, at), ...others])
            expect(difference(one, other, sight), `${one}, ${other}: ${sight}`).to.be.above(16);
        }
      }
    });
  }
});

describe('the palette of a run', () => {
  it('gives the first twelve groups colours of their own, and the next ones too', () => {
    const groups = Array.from({ length: 24 }, (_, at) => `group-${'abcdefghijklmnopqrstuvwx'[at]}`);
    const places = [...paletteOf(groups).values()];
    expect(new Set(places.slice(0, 12)).size).to.equal(12);
    expect(new Set(places.slice(12)).size).to.equal(12);
  });

  it('keeps the colours of groups when a run adds others, and goes by the hash elsewhere', () => {
    const few = paletteOf(['load', 'clean', 'join']);
    const more = paletteOf(['load', 'clean', 'join', 'stage-*', 'load', 'write']);
    for (const [group, place] of few) expect(more.get(group)).to.equal(place);
    setPaletteOf(['load', 'clean', 'join']);
    expect(['load', 'clean', 'join'].map(paletteIndexOf)).to.deep.equal([...few.values()]);
    setPaletteOf([]);
    expect(paletteIndexOf('load')).to.equal(few.get('load'));
  });
});
