import { expect } from 'chai';
import { LINE_CHARACTERS, LINES_PER_WINDOW, LineBudget, OutputLines, WINDOW_MS } from '../../lib/executor/attempts/output-lines.js';

/** What becomes of what is written. */
function written(...chunks: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const output = new OutputLines(new LineBudget(() => 0), (line) => lines.push(line));
  for (const chunk of chunks) output.write(chunk);
  output.flush();
  return lines;
}

describe('lines of output', () => {
  it('end with \\n, \\r\\n or \\r, also where an end is cut in two', () => {
    expect(written('a\nb\r\nc\rd')).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(written('a\r', '\nb\r', 'c')).to.deep.equal(['a', 'b', 'c']);
    expect(written('\n\n', 'x\r\n\r\n')).to.deep.equal(['', '', 'x', '']);
    expect(written('\r10 %\r20 %', '\r30 %\n')).to.deep.equal(['10 %', '20 %', '30 %']);
    expect(written()).to.deep.equal([]);
    expect(written('', new Uint8Array())).to.deep.equal([]);
  });

  it('are decoded from bytes, however those come', () => {
    const bytes = Buffer.from('grüße 日本 🙂\n€');
    expect(written(...[...bytes].map((byte) => Uint8Array.of(byte)))).to.deep.equal(['grüße 日本 🙂', '€']);
    expect(written(bytes.subarray(0, 4), bytes.subarray(4))).to.deep.equal(['grüße 日本 🙂', '€']);
    // What stays unfinished is shown as a terminal would.
    expect(written(bytes.subarray(0, 3), 'x\n')).to.deep.equal(['gr\ufffdx']);
    expect(written(Uint8Array.of(0x61, 0xe2, 0x82))).to.deep.equal(['a\ufffd']);
  });

  it('take linear time and bounded memory without an end, and are cut with a mark', () => {
    const output: string[] = [];
    const lines = new OutputLines(new LineBudget(() => 0), (line) => output.push(line));
    for (let at = 0; at < 1_000_000; at += 1) lines.write('x');
    lines.write('\nnext\n');
    expect(output).to.deep.equal([`${'x'.repeat(LINE_CHARACTERS)} … (${1_000_000 - LINE_CHARACTERS} characters left out)`, 'next']);
  });

  it('are not cut within a character of two halves', () => {
    const [line] = written(`${'x'.repeat(LINE_CHARACTERS - 1)}🙂y\n`);
    expect(line).to.equal(`${'x'.repeat(LINE_CHARACTERS - 1)} … (3 characters left out)`);
    expect(written('x'.repeat(LINE_CHARACTERS))).to.deep.equal(['x'.repeat(LINE_CHARACTERS)]);
  });

  it('are left out when there are too many within a while, and it is said how many', () => {
    let nowMs = 0;
    const lines: string[] = [];
    const budget = new LineBudget(() => nowMs);
    const output = new OutputLines(budget, (line) => lines.push(line));
    const other = new OutputLines(budget, (line) => lines.push(line));
    for (let at = 0; at < 1_000_000; at += 1) output.write('flood\n');
    other.write('as well\n');
    expect(lines).to.have.length(LINES_PER_WINDOW);
    nowMs = WINDOW_MS;
    other.write('later\n');
    expect(lines.slice(LINES_PER_WINDOW)).to.deep.equal([
      `${1_000_001 - LINES_PER_WINDOW} lines left out: too many within ${WINDOW_MS / 1000} s`,
      'later',
    ]);
    for (let at = 0; at < LINES_PER_WINDOW; at += 1) output.write('flood\n');
    output.flush();
    expect(lines.at(-1)).to.equal(`1 line left out: too many within ${WINDOW_MS / 1000} s`);
  });

  it('are left out when there is too much text, however few they are', () => {
    const lines: string[] = [];
    const output = new OutputLines(new LineBudget(() => 0), (line) => lines.push(line));
    for (let at = 0; at < 2000; at += 1) output.write(`${'x'.repeat(LINE_CHARACTERS)}\n`);
    expect(lines.length).to.be.within(200, 300);
  });
});
