import { expect } from 'chai';
import { depthsOf, graphItems, labelPx, sharedBeginning } from '../../../../lib/observe/page/graph/graph-items.js';
import { countsOf, graphOf, numbered } from './graph-of.js';

const none: ReadonlySet<string> = new Set();
/** One source, a layer of `count` after it, and a sink. */
const fan = (count: number) =>
  graphOf(
    ['list', ...numbered('resize', count), 'publish'],
    [...numbered('resize', count).map((id) => `list ${id}`), ...numbered('resize', count).map((id) => `${id} publish`)],
    { list: 'succeeded', 'resize-1': 'running' },
  );

describe('the boxes of a graph', () => {
  it('are functions while there are few of a kind', () => {
    const { items, edges } = graphItems(fan(5), true, none);
    expect(items.map(({ kind }) => kind)).to.deep.equal(Array(7).fill('function'));
    expect(edges).to.have.length(10);
  });

  it('gather many functions alike in one, with a cell for each, and count what they stand for', () => {
    const { items, edges, itemOf } = graphItems(fan(300), true, none);
    expect(items.map(({ kind, label, total }) => [kind, label, total])).to.deep.equal([
      ['function', 'list', 1],
      ['bundle', 'resize-*', 300],
      ['function', 'publish', 1],
    ]);
    expect(edges).to.deep.equal([
      [0, 1, 300],
      [1, 2, 300],
    ]);
    expect(items[1]!.counts).to.deep.equal(countsOf({ running: 1, waiting: 299 }));
    expect(itemOf[150]).to.equal(1);
    // All cells are within the box, and it is no tower.
    const { columns, widthPx, heightPx } = items[1]!;
    expect(columns * 16).to.be.at.most(widthPx + 2);
    expect(heightPx).to.be.below(400);
  });

  it('are functions again when a group is spread, or nothing is gathered', () => {
    expect(graphItems(fan(30), true, new Set(['resize-*'])).items).to.have.length(32);
    expect(graphItems(fan(30), false, none).items).to.have.length(32);
  });

  it('never gather a chain: its functions are at different depths', () => {
    const ids = numbered('step', 40);
    const chain = graphOf(
      ids,
      ids.slice(1).map((id, at) => `${ids[at]} ${id}`),
    );
    expect(graphItems(chain, true, none).items).to.have.length(40);
  });

  it('have one layout whatever the states are, and another one when they are others', () => {
    const { layout } = graphItems(fan(30), true, none);
    expect(graphItems(fan(30), true, none).layout).to.equal(layout);
    expect(graphItems(fan(31), true, none).layout).to.not.equal(layout);
    expect(graphItems(fan(30), false, none).layout).to.not.equal(layout);
    expect(graphItems(fan(30), true, new Set(['resize-*'])).layout).to.not.equal(layout);
  });

  it('are none for a graph of none', () => {
    expect(graphItems(graphOf([], []), true, none)).to.deep.include({ items: [], edges: [], itemOf: [] });
  });

  it('are as wide as their labels, up to a limit', () => {
    expect(labelPx('WWWW')).to.be.above(labelPx('iiii'));
    const [short, long] = graphItems(graphOf(['ab', 'x'.repeat(500)], []), true, none).items;
    expect(short!.widthPx).to.be.below(120);
    expect(long!.widthPx).to.be.below(300);
  });
});

describe('what all labels begin with', () => {
  it('is left out of boxes, up to the end of a word, if it is long', () => {
    expect(sharedBeginning(['nf.rnaseq.align-1', 'nf.rnaseq.alike-2', 'nf.rnaseq.sort-3'])).to.equal('nf.rnaseq.'.length);
    expect(sharedBeginning(['resize-1', 'resize-2', 'resize-3'])).to.equal(0);
    expect(sharedBeginning(['sum-1', 'sum-2', 'sum-3'])).to.equal(0);
    expect(sharedBeginning(['pipeline.one', 'pipeline.two'])).to.equal(0);
    expect(sharedBeginning(['alone-1', 'other', 'third'])).to.equal(0);
    expect(sharedBeginning([])).to.equal(0);
    const { items } = graphItems(graphOf(['nf.rnaseq.align', 'nf.rnaseq.sort', 'nf.rnaseq.sum'], []), true, none);
    expect(items.map(({ label, shownLabel }) => [label, shownLabel])[1]).to.deep.equal(['nf.rnaseq.sort', '…sort']);
  });
});

describe('the depth of a box', () => {
  it('is the longest way to it', () => {
    expect(
      depthsOf(4, [
        [0, 1],
        [1, 2],
        [0, 2],
        [2, 3],
      ]),
    ).to.deep.equal([0, 1, 2, 3]);
  });

  it('is found in circles too, as folding may make them', () => {
    const depths = depthsOf(4, [
      [0, 1],
      [1, 0],
      [1, 2],
      [3, 0],
      [2, 3],
    ]);
    expect(depths).to.have.length(4);
    expect(depths[1]).to.equal(depths[0]! + 1);
    expect(depthsOf(1, [[0, 0]])).to.deep.equal([0]);
  });

  it('is found for long chains without a deep stack', () => {
    const edges = Array.from({ length: 50_000 }, (_, at) => [at, at + 1] as const);
    expect(depthsOf(50_001, edges).at(-1)).to.equal(50_000);
  });
});
