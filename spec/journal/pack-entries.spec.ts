import { expect } from 'chai';
import fc from 'fast-check';
import { packEntries, unpackEntries } from '../../lib/journal/index.js';

const entry = fc.record({ kind: fc.nat(127), index: fc.maxSafeNat(), bytes: fc.uint8Array({ maxLength: 300 }) });

describe('entries of a group', () => {
  it('come back as they were packed', () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        expect(unpackEntries(packEntries(entries))).to.deep.equal(entries);
      }),
    );
  });

  it('take a few bytes each beside their own', () => {
    const entries = Array.from({ length: 2_000 }, (_, index) => ({ kind: 1, index, bytes: new Uint8Array(100) }));
    expect(packEntries(entries).length / entries.length - 100).to.be.below(5);
  });

  it('throw a RangeError for bytes that end too early, and nothing else for any', () => {
    const packed = packEntries([{ kind: 1, index: 300, bytes: new Uint8Array(200) }]);
    for (let length = 1; length < packed.length; length += 1) expect(() => unpackEntries(packed.subarray(0, length))).to.throw(RangeError);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          unpackEntries(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
      }),
    );
  });
});
