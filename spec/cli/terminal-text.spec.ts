import { expect } from 'chai';
import fc from 'fast-check';
import { terminalJson, terminalLine, terminalLines, terminalName } from '../../bin/report/terminal-text.js';

/** Each turns, hides or moves something on a terminal. */
const UNSEEN = [
  '\u0007',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u00ad',
  '\u061c',
  '\u200b',
  '\u200e',
  '\u2028',
  '\u202a',
  '\u202e',
].concat(['\u2060', '\u2066', '\u2069', '\ufeff', '\u180e', '\u115f', '\ufff9', '\u{e0041}', '\ud800', '\udc00']);

describe('text on a terminal', () => {
  it('shows what is unseen in a name as escapes, tabs and line ends too', () => {
    for (const character of UNSEEN) expect(terminalName(`a${character}b`), JSON.stringify(character)).to.match(/^a(\\u[0-9a-f]{4}){1,2}b$/);
    expect(terminalName('a\u202eb\t\n\u200d')).to.equal('a\\u202eb\\u0009\\u000a\\u200d');
  });

  it('leaves names of every script as they are', () => {
    for (const name of ['köln-1', '東京', 'узел', 'عقدة', '❤️', '𝒩', 'a b']) expect(terminalName(name)).to.equal(name);
  });

  it('shows of a line the last state, without colours, and keeps the joiners of emoji', () => {
    expect(terminalLine('10 %\r\u001b[31m20 %\u001b[0m\r')).to.equal('20 %');
    expect(terminalLine('👩\u200d👧 \u202eabc\u0085')).to.equal('👩\u200d👧 \\u202eabc\\u0085');
    expect(terminalLines('one\r\ntwo\u009b2J')).to.equal('one\ntwo');
    expect(terminalLines('one\ntwo\u2066')).to.equal('one\ntwo\\u2066');
  });

  it('writes the same JSON document, with nothing unseen in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...UNSEEN), (value, character) => {
        const given = { value, [character]: `a${character}b` };
        const json = terminalJson(JSON.stringify(given, null, 2));
        expect(JSON.parse(json)).to.deep.equal(JSON.parse(JSON.stringify(given)));
        for (const one of UNSEEN) expect(json.includes(one)).to.equal(false);
      }),
      { numRuns: 200 },
    );
  });
});
