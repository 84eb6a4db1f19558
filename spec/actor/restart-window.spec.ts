import { expect } from 'chai';
import fc from 'fast-check';
import { restartWindow } from '../../lib/actor/supervisors/restart-window.js';

/** When the supervisor gives up, by the law's own words: too many restarts in some window that ends now. */
function givesUpAt(timesMs: readonly number[], maxRestarts: number, withinMs: number): number {
  return timesMs.findIndex((nowMs, at) => timesMs.slice(0, at + 1).filter((atMs) => atMs >= nowMs - withinMs).length > maxRestarts);
}

/** The same with the code. */
function gaveUpAt(timesMs: readonly number[], maxRestarts: number, withinMs: number): number {
  let stamps: readonly number[] = [];
  for (const [at, nowMs] of timesMs.entries()) {
    const next = restartWindow(stamps, nowMs, { maxRestarts, withinMs });
    if (next === 'give-up') return at;
    stamps = next;
  }
  return -1;
}

describe('the restart window', () => {
  const intensity = { maxRestarts: 3, withinMs: 5000 };

  it('allows so many restarts at once and no more', () => {
    expect(restartWindow([], 0, intensity)).to.deep.equal([0]);
    expect(restartWindow([0, 0], 0, intensity)).to.deep.equal([0, 0, 0]);
    expect(restartWindow([0, 0, 0], 0, intensity)).to.equal('give-up');
  });

  it('allows none when there are to be none', () => {
    expect(restartWindow([], 7, { maxRestarts: 0, withinMs: 1 })).to.equal('give-up');
  });

  it('slides: a restart counts until just over its time, and is forgotten then', () => {
    expect(restartWindow([0, 10, 20], 5000, intensity)).to.equal('give-up');
    expect(restartWindow([0, 10, 20], 5000.5, intensity)).to.deep.equal([10, 20, 5000.5]);
    expect(restartWindow([0, 10, 20], 90_000, intensity)).to.deep.equal([90_000]);
  });

  it('leaves what it is given as it is', () => {
    const stamps = Object.freeze([1, 2]);
    expect(restartWindow(stamps, 9000, intensity)).to.deep.equal([9000]);
  });

  it('gives up exactly when more than the allowed restarts fall into one window, for any sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 100 }),
        (gapsMs, maxRestarts, withinMs) => {
          let nowMs = 0;
          const timesMs = gapsMs.map((gapMs) => {
            nowMs += gapMs;
            return nowMs;
          });
          expect(gaveUpAt(timesMs, maxRestarts, withinMs)).to.equal(givesUpAt(timesMs, maxRestarts, withinMs));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never keeps more restarts than are allowed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (timesMs) => {
        let stamps: readonly number[] = [];
        for (const nowMs of [...timesMs].sort((a, b) => a - b)) {
          const next = restartWindow(stamps, nowMs, intensity);
          if (next !== 'give-up') stamps = next;
          expect(stamps.length).to.be.at.most(intensity.maxRestarts);
        }
      }),
    );
  });
});
