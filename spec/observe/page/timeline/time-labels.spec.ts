import { expect } from 'chai';
import { shownDuration, TICK_DISTANCES_MS, tickLabel, windowText } from '../../../../lib/observe/page/timeline/time-labels.js';

describe('the labels of time', () => {
  it('are as exact as the distance between ticks needs', () => {
    const labels: readonly (readonly [atMs: number, distanceMs: number, label: string])[] = [
      [0, 100, '0'],
      [0.002, 0.001, '0.002 ms'],
      [1.5, 0.5, '1.5 ms'],
      [0.1 + 0.2, 0.1, '0.3 ms'],
      [250, 50, '250 ms'],
      [1200, 200, '1.2 s'],
      [1250, 50, '1.25 s'],
      [1000.5, 0.5, '1.0005 s'],
      [5000, 1000, '5 s'],
      [65_000, 5000, '1:05'],
      [65_500, 500, '1:05.5'],
      [3_600_000, 60_000, '1:00:00'],
      [3_725_000, 5000, '1:02:05'],
      [90_000_000, 3_600_000, '1 d 1:00'],
      [172_800_000, 86_400_000, '2 d'],
    ];
    for (const [atMs, distanceMs, label] of labels) expect(tickLabel(atMs, distanceMs), label).to.equal(label);
  });

  it('differ from tick to tick, at every distance and wherever one looks', () => {
    for (const distanceMs of TICK_DISTANCES_MS) {
      for (const fromMs of [0, distanceMs * 7, distanceMs * 1234]) {
        const labels = Array.from({ length: 12 }, (_, at) => tickLabel(fromMs + at * distanceMs, distanceMs));
        expect(new Set(labels).size, `${distanceMs} ms from ${fromMs}: ${labels.join(', ')}`).to.equal(labels.length);
      }
    }
  });

  it('give durations in three digits', () => {
    const shown = [0, 0.001, 0.42, 12.53, 999, 3214, 59_949, 61_000, 3_900_000].map(shownDuration);
    expect(shown).to.deep.equal(['0 ms', '<0.01 ms', '0.42 ms', '12.5 ms', '999 ms', '3.21 s', '59.9 s', '1 min 01 s', '1 h 05 min']);
  });

  it('say which part of a run is shown, as exactly as it is long', () => {
    expect(windowText({ fromMs: 0, toMs: 1030 }, 1000)).to.equal('0 to 1.00 s of 1.00 s');
    expect(windowText({ fromMs: 1250, toMs: 2750 }, 12_000)).to.equal('1.25 s to 2.75 s of 12.0 s');
    expect(windowText({ fromMs: 60_000.25, toMs: 60_000.75 }, 120_000)).to.equal('1:00.00025 to 1:00.00075 of 2 min 00 s');
  });
});
