import { expect } from 'chai';
import { visibleJson } from '../../lib/base/log.js';

describe('lines of the log', () => {
  it('are the same JSON, with nothing in them that a viewer hides or turns round', () => {
    const line = JSON.stringify({ member: 'a\u202eb\u2066\u009b2J\u200b\u2028\u{e0041}', msg: 'köln 東京' });
    const shown = visibleJson(`${line}\n`);
    expect(shown).to.match(/^[^\u007f-\u009f\u2028\p{Cf}]*$/u);
    expect(JSON.parse(shown)).to.deep.equal(JSON.parse(line));
    expect(shown.endsWith('}\n')).to.equal(true);
    expect(shown).to.include('köln 東京');
  });
});
