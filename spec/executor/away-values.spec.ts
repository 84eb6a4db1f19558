import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { MemoryNetwork, type Transport, webSocketTransport } from '../../lib/peer/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { caught } from '../support/caught.js';
import { FakeAway } from '../support/fake-away.js';
import { LinkedValues, linkAll } from './linked-values.js';

const MIB = 1024 * 1024;

const TRANSPORTS: Readonly<Record<string, () => (name: string) => Transport>> = {
  memory: () => {
    const network = new MemoryNetwork({ clock: systemClock });
    return (name) => network.transport(name);
  },
  websockets: () => () => webSocketTransport(),
};

const packedBytes = (size: number): Uint8Array =>
  pack(
    new Uint8Array(size).map((_, at) => at % 251),
    { where: 'value' },
  );

for (const [kind, network] of Object.entries(TRANSPORTS)) {
  describe(`values that are not in memory, over ${kind}`, () => {
    let a: LinkedValues;
    let b: LinkedValues;
    beforeEach(async () => {
      const transportOf = network();
      a = new LinkedValues('a', transportOf('a'));
      b = new LinkedValues('b', transportOf('b'), 64 * MIB);
      await linkAll([a, b]);
    });
    afterEach(() => Promise.all([a.close(), b.close()]));

    it('arrive whole from where they lie, small and large, many at once', async () => {
      const sizes = [10, 60_000, 70_000, MIB, 5 * MIB, ...Array.from({ length: 15 }, () => 2 * MIB)];
      const aways = sizes.map((size) => new FakeAway(packedBytes(size)));
      const values = aways.map((away, at) => a.made(`f${at}`, StoredValue.away(away)));
      const held = await Promise.all(values.map((value) => b.fetch(value)));
      for (const [at, one] of held.entries()) {
        const opened = one.open(false) as Uint8Array;
        expect(opened.byteLength).to.equal(sizes[at]);
        expect(opened.every((byte, place) => byte === place % 251)).to.equal(true);
      }
      expect(aways.filter(({ open }) => open > 0)).to.deep.equal([]);
      expect(aways.filter(({ whole, sizeBytes }) => whole > 0 && sizeBytes > 65_536)).to.deep.equal([]);
    });

    it('arrive whole if they are parts of a value that is put together, which is never in memory as a whole where it is sent', async () => {
      const aways = Array.from({ length: 12 }, () => new FakeAway(packedBytes(MIB)));
      const whole = a.made('whole', StoredValue.ofParts(aways.map((away) => StoredValue.away(away))));
      const opened = (await b.fetch(whole)).open(false) as readonly Uint8Array[];
      expect(opened.map((bytes) => [bytes.byteLength, bytes[250], bytes[251]])).to.deep.equal(aways.map(() => [MIB, 250, 0]));
      expect(aways.map((away) => [away.whole, away.opened, away.open])).to.deep.equal(aways.map(() => [0, 1, 0]));
    });

    for (const [where, failsFrom] of [
      ['begin', 0],
      ['middle', 3 * MIB],
      ['end', 5 * MIB],
    ] as const) {
      it(`are lost where their bytes cannot be read at the ${where}; the link, and room for others, are not`, async () => {
        const bad = a.made('bad', StoredValue.away(new FakeAway(packedBytes(5 * MIB), { failsFrom })));
        for (let time = 0; time < 10; time += 1) {
          const error = await caught(b.fetch(bad));
          expect(error).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'bad', node: 'a' });
          expect(error.message).to.match(/the disk is damaged$/);
        }
        const good = a.made('good', StoredValue.away(new FakeAway(packedBytes(40 * MIB))));
        expect((await b.fetch(good)).sizeBytes).to.be.above(40 * MIB);
        expect(b.requests.size).to.equal(0);
      });
    }
  });
}
