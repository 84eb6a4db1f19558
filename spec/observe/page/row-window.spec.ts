import { expect } from 'chai';
import fc from 'fast-check';
import { contentPx, pageOf, ROW_PX, rowWindow, scrollToRow } from '../../../lib/observe/page/functions/row-window.js';

const rows = fc.oneof(fc.nat(60), fc.nat(1_000_000));
const height = fc.integer({ min: 40, max: 2_000 });

describe('the window of a long table', () => {
  it('draws the rows that are seen, and few others', () => {
    fc.assert(
      fc.property(rows, height, fc.double({ min: -0.1, max: 1.1, noNaN: true }), (count, heightPx, share) => {
        const scrolledPx = share * Math.max(0, contentPx(count) - heightPx);
        const { first, end, abovePx, belowPx } = rowWindow(count, scrolledPx, heightPx);
        expect(first).to.be.within(0, Math.max(0, count));
        expect(end).to.be.within(first, count);
        expect(end - first).to.be.at.most(heightPx / ROW_PX + 20);
        const seenFromPx = Math.min(Math.max(0, scrolledPx), Math.max(0, contentPx(count) - heightPx));
        const drawnToPx = abovePx + (end - first) * ROW_PX;
        expect(abovePx).to.be.at.most(seenFromPx + 1);
        expect(drawnToPx).to.be.at.least(Math.min(contentPx(count), seenFromPx + heightPx) - 1);
        expect(abovePx).to.be.at.least(0);
        expect(belowPx).to.be.at.least(0);
      }),
    );
  });

  it('keeps the height of all rows, which no browser refuses to scroll', () => {
    const { abovePx, belowPx, first, end } = rowWindow(100_000, 1_600_000, 600);
    expect(abovePx + (end - first) * ROW_PX + belowPx).to.equal(100_000 * ROW_PX);
    expect(contentPx(10_000_000)).to.equal(15_000_000);
  });

  it('shows the last row at the end, also of a list that is taller than browsers scroll', () => {
    for (const count of [10, 5_000, 100_000, 3_000_000]) {
      expect(rowWindow(count, contentPx(count), 600).end, String(count)).to.equal(count);
    }
  });

  it('is scrolled so that a row is seen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        height,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (count, heightPx, share, at) => {
          const row = at % count;
          const scrolledPx = scrollToRow(count, row, share * Math.max(0, contentPx(count) - heightPx), heightPx);
          const { first, end } = rowWindow(count, scrolledPx, heightPx);
          expect(row).to.be.within(first, end - 1);
        },
      ),
    );
  });

  it('is among the rows that are asked for', () => {
    fc.assert(
      fc.property(rows, height, fc.nat(20_000_000), (count, heightPx, scrolledPx) => {
        const window = rowWindow(count, scrolledPx, heightPx);
        const { offset, limit } = pageOf(window);
        expect(offset).to.be.at.most(window.first);
        expect(offset + limit).to.be.at.least(window.end);
        expect(limit).to.be.at.most(500);
      }),
    );
  });
});
