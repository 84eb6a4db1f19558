import { expect } from 'chai';
import {
  fittedId,
  fittedText,
  labelStep,
  rowAt,
  rowBands,
  rowsWithin,
  stickyLabelPx,
} from '../../../../lib/observe/page/timeline/row-bands.js';

const rowsOf = (nodes: number, slots: number) =>
  Array.from({ length: nodes * slots }, (_, at) => ({ node: `node-${Math.floor(at / slots)}`, isolation: 'thread', slot: at % slots }));
const widthOf = (text: string): number => text.length * 10;

describe('the rows of a timeline', () => {
  it('stand together by node, with a gap before the next', () => {
    const { bands, topPx, rowPx } = rowBands(rowsOf(3, 4), 1000);
    expect(bands.map(({ node, from, to }) => [node, from, to])).to.deep.equal([
      ['node-0', 0, 4],
      ['node-1', 4, 8],
      ['node-2', 8, 12],
    ]);
    expect(topPx[1]! - topPx[0]!).to.equal(rowPx);
    expect(topPx[4]! - topPx[3]!).to.be.above(rowPx);
  });

  it('are high where there is room, low where there are many, and never too low to be hit', () => {
    expect(rowBands(rowsOf(1, 4), 500).rowPx).to.equal(22);
    const many = rowBands(rowsOf(50, 8), 500);
    expect(many.rowPx).to.equal(9);
    expect(many.heightPx).to.be.above(500);
  });

  it('are squeezed into the room if that is wanted', () => {
    expect(rowBands(rowsOf(50, 8), 500, true).heightPx).to.be.within(400, 501);
    expect(rowBands(rowsOf(1, 4), 500, true).rowPx).to.equal(22);
  });

  it('are found by their height, but not between nodes', () => {
    const bands = rowBands(rowsOf(3, 4), 1000);
    for (const [row, top] of bands.topPx.entries()) {
      expect(rowAt(bands, top)).to.equal(row);
      expect(rowAt(bands, top + bands.rowPx - 0.1)).to.equal(row);
    }
    expect(rowAt(bands, bands.topPx[4]! - 1)).to.equal(undefined);
    expect(rowAt(bands, -1)).to.equal(undefined);
    expect(rowAt(bands, bands.heightPx + 5)).to.equal(undefined);
    expect(rowAt(rowBands([], 100), 10)).to.equal(undefined);
  });

  it('are drawn where they are seen, those cut by an edge included', () => {
    const bands = rowBands(rowsOf(3, 4), 1000);
    expect(rowsWithin(bands, bands.topPx[2]! + 1, bands.topPx[6]! + 1)).to.deep.equal([2, 7]);
    expect(rowsWithin(bands, bands.heightPx, bands.heightPx + 100)).to.deep.equal([12, 12]);
  });

  it('keep the name of their node in view while one of them is, and within the node', () => {
    const [, second] = rowBands(rowsOf(3, 4), 1000).bands;
    expect(stickyLabelPx(second!, 0, 20)).to.equal(second!.topPx);
    expect(stickyLabelPx(second!, second!.topPx + 30, 20)).to.equal(second!.topPx + 30);
    expect(stickyLabelPx(second!, second!.bottomPx - 5, 20)).to.equal(second!.bottomPx - 20);
  });

  it('have as many labels as fit', () => {
    expect(labelStep(22, 12)).to.equal(1);
    expect(labelStep(9, 12)).to.equal(2);
    expect(labelStep(1.5, 12)).to.equal(8);
  });
});

describe('texts that are cut', () => {
  it('end in an ellipsis, and are nothing rather than too wide', () => {
    expect(fittedText('node-12', 200, widthOf)).to.equal('node-12');
    expect(fittedText('node-12', 55, widthOf)).to.equal('node…');
    expect(fittedText('node-12', 15, widthOf)).to.equal('');
    expect(fittedText('', 0, widthOf)).to.equal('');
  });

  it('keep the number of an id', () => {
    expect(fittedId('download-12', 200, widthOf)).to.equal('download-12');
    expect(fittedId('download-12', 80, widthOf)).to.equal('downl…12');
    expect(fittedId('download-12', 25, widthOf)).to.equal('12');
    expect(fittedId('download-12', 15, widthOf)).to.equal('');
    expect(fittedId('publish', 30, widthOf)).to.equal('pu…');
  });
});
