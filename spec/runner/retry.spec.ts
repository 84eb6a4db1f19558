import { expect } from 'chai';
import fc from 'fast-check';
import { restMs } from '../../lib/runner/brain/retry.js';

describe('the rest between attempts', () => {
  it('doubles from 100 ms up to 30 s unless the function says otherwise', () => {
    const middle = (failures: number): number => restMs(failures, undefined, 0.5);
    expect([1, 2, 3, 4].map(middle)).to.deep.equal([100, 200, 400, 800]);
    expect(middle(10)).to.equal(30_000);
    expect(middle(5000)).to.equal(30_000);
  });

  it('takes each option it is given, and the defaults for the others', () => {
    expect(restMs(3, { initialDelayMs: 10, factor: 3, jitter: 0 }, 0.9)).to.equal(90);
    expect(restMs(3, { maxDelayMs: 50, jitter: 0 }, 0.9)).to.equal(50);
    expect(restMs(1, { initialDelayMs: 0 }, 0)).to.equal(0);
  });

  it('jitters by the given fraction to either side', () => {
    expect(restMs(1, undefined, 0)).to.equal(75);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (failures, random) => {
        const plain = Math.min(30_000, 100 * 2 ** (failures - 1));
        expect(restMs(failures, undefined, random)).to.be.within(plain * 0.75, plain * 1.25);
      }),
    );
  });
});
