import { expect } from 'chai';
import { createColors } from 'picocolors';
import { barDisplay } from '../../bin/progress/bar-display.js';
import { barText } from '../../bin/progress/bar-text.js';
import type { DisplayStream } from '../../bin/progress/display.js';
import { LiveArea } from '../../bin/progress/live-area.js';
import { fitted, padded, widthOf } from '../../bin/progress/text-width.js';
import { built, fixture } from './command.js';
import { Tmux } from './tmux.js';

const none = createColors(false);
const ESC = '\u001b';

describe('the width of a text', () => {
  it('is counted as a terminal does: wide characters and emoji take two columns, combining marks none', () => {
    for (const [text, columns] of [
      ['abc', 3],
      ['東京', 4],
      ['e\u0301', 1],
      ['👍', 2],
      ['👩‍👩‍👧', 2],
      ['', 0],
    ] as const) {
      expect(widthOf(text), text).to.equal(columns);
    }
  });

  it('is kept to by cutting between what is seen as one character', () => {
    expect(fitted('東京東京', 8)).to.equal('東京東京');
    expect(fitted('東京東京', 7)).to.equal('東京東…');
    expect(fitted('東京東京', 6)).to.equal('東京…');
    expect(fitted('e\u0301e\u0301e\u0301', 2)).to.equal('e\u0301…');
    expect(fitted('👩‍👩‍👧👩‍👩‍👧', 3)).to.equal('👩‍👩‍👧…');
    expect(fitted('abc', 0)).to.equal('');
    for (const text of ['東京東京', 'abc', '', '👍👍👍👍']) expect(widthOf(padded(text, 5))).to.equal(5);
  });
});

describe('a bar', () => {
  const group = {
    label: '',
    total: 120,
    running: 22,
    succeeded: 60,
    failed: 3,
    retried: 14,
    dropped: 1,
    startedAtMs: 0,
    endedAtMs: undefined,
  };

  it('is never wider than the screen, and says how many are done as long as there is room', () => {
    for (const label of ['a', 'a label of some length that goes on', '東京'.repeat(20), '👍'.repeat(30), 'e\u0301'.repeat(40)]) {
      const labelWidth = Math.min(28, widthOf(label));
      for (let columns = 1; columns <= 140; columns += 1) {
        const text = barText({ ...group, label }, { labelWidth, columns, nowMs: 61_000, colors: none });
        expect(widthOf(text), `${columns}: ${text}`).to.be.at.most(columns);
        if (columns >= 20) expect(text, String(columns)).to.include(' 60/120 d');
        if (columns >= 40) expect(text, String(columns)).to.include('3 failed');
      }
    }
  });
});

describe('the area of bars', () => {
  const size = (columns: number, rows = 24) => ({ columns, rows });

  it('is drawn over, and what goes by stands above it', () => {
    const area = new LiveArea();
    expect(area.draw('', ['one', 'two'], size(20))).to.equal(`${ESC}[?25lone\r\ntwo`);
    expect(area.draw('line\n', ['one', 'two'], size(20))).to.equal(`\r${ESC}[2K${ESC}[1A${ESC}[2Kline\none\r\ntwo`);
    expect(area.end('', ['one', 'two'], size(20))).to.equal(`\r${ESC}[2K${ESC}[1A${ESC}[2K${ESC}[?25hone\ntwo\n`);
    expect(area.draw('x\n', [], size(20))).to.equal(`${ESC}[?25lx\n`);
  });

  it('draws over nothing when the width has changed: it begins anew below', () => {
    const area = new LiveArea();
    area.draw('', ['one', 'two'], size(80));
    for (const columns of [20, 80]) {
      expect(area.draw('line\n', ['one', 'two'], size(columns))).to.equal(`${ESC}[999B\r\nline\none\r\ntwo`);
      expect(area.draw('', ['one', 'two'], size(columns, 12))).to.equal(`\r${ESC}[2K${ESC}[1A${ESC}[2Kone\r\ntwo`);
    }
    expect(area.end('', ['one'], size(40))).to.equal(`${ESC}[999B\r\n${ESC}[?25hone\n`);
  });

  it('leaves a row of the screen free', () => {
    const area = new LiveArea();
    expect(area.draw('', ['1', '2', '3', '4'], size(20, 3))).to.equal(`${ESC}[?25l1\r\n2`);
    expect(area.draw('', ['1', '2'], size(20, 1))).to.equal(`\r${ESC}[2K1`);
  });

  it('shows what modules write beside it line by line, without what would move the cursor', () => {
    let text = '';
    const stream: DisplayStream = { isTTY: true, columns: 40, rows: 24, write: (part) => (text += part) };
    const display = barDisplay({ groups: [{ label: 'a', ids: ['a'] }], stream, colors: none, now: () => 0 });
    for (const part of ['he', 'llo\nwor', `${ESC}[2J${ESC}[31mld\r\n10 %\r20 %\n`, 'rest']) display.pass(part);
    display.stop();
    expect(text).to.include(`hello\nworld\n20 %\nrest\n${ESC}[?25ha `);
    expect(text).to.not.include(`${ESC}[2J`);
  });
});

describe('handoff run on a real terminal', () => {
  const LINES = 12;
  const tmux = new Tmux();
  before(function () {
    if (Tmux.isThere()) return;
    console.log('      (not checked: this machine has no tmux)');
    this.skip();
  });
  afterEach(() => tmux.close());

  const command = (restMs: number): string =>
    `LINES_EACH=${LINES} REST_MS=${restMs} '${process.execPath}' '${built}' run ${fixture('long-lines.mjs')}; echo THE-END; read x`;

  /** Blanks at the edge of the screen are no part of what was captured. */
  const dense = (text: string): string => text.replace(/\s+/g, '');

  const holdsEveryLine = (text: string): void => {
    const all = dense(text);
    for (const name of ['a', 'b', 'c']) {
      for (let line = 0; line < LINES; line += 1) {
        expect(all).to.include(dense(`<${name}-${line} ${'word 東京 é👍 '.repeat(1 + (line % 9))}${name}-${line}>`));
        if (line % 4 === 0) expect(all).to.include(`<kept-${name}-${line}>`);
      }
    }
  };

  for (const columns of [80, 55, 40, 20]) {
    it(`keeps every line whole in its scrollback, and leaves no bar behind: ${columns} columns`, async () => {
      tmux.open(columns, command(5));
      const text = await tmux.until('THE-END');
      holdsEveryLine(text);
      const bars = text.split('\n').filter((line) => /^\S.* 1\/1 done/.test(line));
      expect(bars).to.have.length(3);
      for (const bar of bars) expect(widthOf(bar)).to.be.below(columns);
      // None but those of the end.
      expect(text.split('\n').filter((line) => line.includes(' 0/1 done'))).to.have.length(0);
    });
  }

  it('loses no line while its width changes', async () => {
    tmux.open(80, command(60));
    for (const [at, columns] of [20, 55, 33, 100, 40].entries()) {
      await tmux.until(`<a-${1 + 2 * at} `);
      tmux.resize(columns);
    }
    holdsEveryLine(await tmux.until('THE-END'));
  });
});
