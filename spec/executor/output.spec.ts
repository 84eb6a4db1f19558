import { expect } from 'chai';
import { LINE_CHARACTERS, LINES_PER_WINDOW } from '../../lib/executor/attempts/output-lines.js';
import { isolations } from '../../lib/executor/index.js';
import { Caller } from '../support/calls.js';

for (const [name, make] of isolations) {
  describe(`what a function writes, isolation: ${name}`, function () {
    this.timeout(160_000);
    let caller: Caller;
    before(() => {
      caller = new Caller(make, { threads: 1 });
    });
    beforeEach(() => caller.heard.splice(0));
    after(() => caller.isolation.close());

    const lines = async (code: string, ...given: readonly unknown[]): Promise<string[]> => {
      const { outcome } = caller.begin(
        code,
        given.map((value) => caller.result(value)),
        { module: './writers.ts' },
      );
      const ended = await outcome;
      if (ended.type !== 'succeeded') throw new Error(`${code} ${ended.type}`, { cause: ended });
      return caller.heard.map(({ stream, text }) => (stream === 'stdout' ? text : `${stream}: ${text}`));
    };

    it('is one line, cut, however often it writes without ending it', async () => {
      expect(await lines('dots', 1_000_000)).to.deep.equal([
        `${'x'.repeat(LINE_CHARACTERS)} … (${1_000_000 - LINE_CHARACTERS} characters left out)`,
      ]);
    });

    it('is decoded where it comes byte by byte', async () => {
      expect(await lines('byteByByte', 'grüße 🙂\nzwei\r\ndrei\rvier')).to.deep.equal(['grüße 🙂', 'zwei', 'drei', 'vier']);
    });

    it('is encoded as it asks for', async () => {
      expect(await lines('encoded')).to.deep.equal(['\u{fffd}\u{fffd}✅!']);
    });

    it('calls back, and ends nothing for others', async () => {
      expect(await lines('callsBack')).to.deep.equal(['one', 'two', 'three', 'four']);
      expect(await lines('corks')).to.include.members(['corked', 'stderr: destroyed']);
      caller.heard.splice(0);
      expect(await lines('dots', 3)).to.deep.equal(['xxx']);
    });

    it('is refused as streams refuse it', async () => {
      const outcome = await caller.begin('wrong', [], { module: './writers.ts' }).outcome;
      expect(outcome.type === 'succeeded' && outcome.values[0]!.open(false)).to.deep.equal([
        'ERR_UNKNOWN_ENCODING',
        'ERR_INVALID_ARG_TYPE',
        'ERR_STREAM_NULL_VALUES',
      ]);
    });

    it('may be tables, objects and groups', async () => {
      const heard = await lines('tables');
      expect(heard).to.include.members(['{ deep: { er: 1 } }', 'group', '  inner', 'stderr: warned']);
      expect(heard.join('\n')).to.match(/│ 0 +│ 1 │/);
    });

    it('is left out where it floods, and it is said how much', async () => {
      const heard = await lines('flood', 300_000);
      const left = heard.map((line) => /^(\d+) lines? left out/.exec(line)?.[1]).filter((count) => count !== undefined);
      const told = heard.length - left.length;
      // A slow machine may take longer than one window.
      expect(told % LINES_PER_WINDOW === 0 || left.length > 1, String(told)).to.equal(true);
      expect(left.reduce((sum, count) => sum + Number(count), told)).to.equal(300_000);
      expect(left.length).to.be.at.least(1);
    });
  });
}
