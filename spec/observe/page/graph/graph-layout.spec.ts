import { expect } from 'chai';
import { dagreLayout } from '../../../../lib/observe/page/graph/dagre-layout.js';
import { graphItems } from '../../../../lib/observe/page/graph/graph-items.js';
import { edgePath, type GraphLayout, type LayoutInput, layeredLayout } from '../../../../lib/observe/page/graph/graph-layout.js';
import { nextSpot, spotsOf } from '../../../../lib/observe/page/graph/graph-spots.js';
import { graphOf, numbered } from './graph-of.js';

const diamond: LayoutInput = {
  sizes: [
    [100, 30],
    [120, 30],
    [80, 90],
    [100, 30],
  ],
  edges: [
    [0, 1, 1],
    [0, 2, 40],
    [1, 3, 1],
    [2, 3, 1],
  ],
};
const wide: LayoutInput = {
  sizes: Array.from({ length: 401 }, () => [100, 30] as const),
  edges: Array.from({ length: 400 }, (_, at) => [0, at + 1, 1] as const),
};
const circle: LayoutInput = {
  sizes: [
    [100, 30],
    [100, 30],
    [100, 30],
  ],
  edges: [
    [0, 1, 1],
    [1, 2, 1],
    [2, 0, 1],
  ],
};

const overlaps = ({ sizes }: LayoutInput, { places }: GraphLayout): boolean =>
  places.some(([x, y], at) =>
    places.some(([otherX, otherY], other) => {
      if (other <= at) return false;
      const [[width, height], [otherWidth, otherHeight]] = [sizes[at]!, sizes[other]!];
      return x < otherX + otherWidth - 1 && otherX < x + width - 1 && y < otherY + otherHeight - 1 && otherY < y + height - 1;
    }),
  );

for (const [name, layOut] of [
  ['dagre', dagreLayout],
  ['layers', layeredLayout],
] as const) {
  describe(`a graph laid out by ${name}`, () => {
    it('goes from left to right, and no box covers another', () => {
      const layout = layOut(diamond);
      for (const [from, to] of diamond.edges) expect(layout.places[from]![0]).to.be.below(layout.places[to]![0]);
      expect(overlaps(diamond, layout)).to.equal(false);
    });

    it('has ways from the right side of a producer to the left side of its consumer', () => {
      const { ways, places } = layOut(diamond);
      for (const [at, [from, to]] of diamond.edges.entries()) {
        expect(ways[at]![0]![0]).to.be.closeTo(places[from]![0] + diamond.sizes[from]![0], 0.01);
        expect(ways[at]!.at(-1)![0]).to.be.closeTo(places[to]![0], 0.01);
      }
    });

    it('is within its own measures', () => {
      const { places, widthPx, heightPx } = layOut(diamond);
      for (const [at, [x, y]] of places.entries()) {
        expect(x).to.be.at.least(0);
        expect(y).to.be.at.least(0);
        expect(x + diamond.sizes[at]![0]).to.be.at.most(widthPx);
        expect(y + diamond.sizes[at]![1]).to.be.at.most(heightPx);
      }
    });

    it('places circles, lonely boxes and nothing at all', () => {
      expect(layOut(circle).places).to.have.length(3);
      expect(overlaps(circle, layOut(circle))).to.equal(false);
      expect(layOut({ sizes: [[100, 30]], edges: [] }).places).to.have.length(1);
      expect(layOut({ sizes: [], edges: [] })).to.deep.include({ places: [], ways: [] });
    });
  });
}

describe('a layer of hundreds', () => {
  it('goes on in further columns of the plain layout, without one box on another', () => {
    const layout = layeredLayout(wide);
    expect(overlaps(wide, layout)).to.equal(false);
    expect(layout.heightPx).to.be.below(1500);
    expect(new Set(layout.places.map(([x]) => x)).size).to.be.above(5);
  });
});

describe('the way of an edge', () => {
  it('is level where it leaves and where it arrives', () => {
    expect(
      edgePath([
        [0, 0],
        [100, 50],
      ]),
    ).to.equal('M0 0C50 0 50 50 100 50');
    expect(edgePath([])).to.equal('');
  });
});

describe('the arrow keys in a graph', () => {
  const view = graphOf(
    ['list', ...numbered('resize', 20), 'publish'],
    numbered('resize', 20).flatMap((id) => [`list ${id}`, `${id} publish`]),
  );
  const items = graphItems(view, true, new Set());
  const spots = spotsOf(
    items,
    layeredLayout({ sizes: items.items.map(({ widthPx, heightPx }) => [widthPx, heightPx] as const), edges: items.edges }),
  );
  const labelOf = (key: string, from: number): string | undefined => {
    const spot = nextSpot(spots, spots[from]!, key);
    return spot?.node === undefined ? spot?.key : view.nodes[spot.node]!.label;
  };

  it('lead along the edges, into a bundle and out of it', () => {
    expect(spots).to.have.length(1 + 1 + 20 + 1);
    expect(labelOf('ArrowRight', 0)).to.match(/resize/);
    expect(labelOf('ArrowLeft', spots.length - 1)).to.match(/resize/);
    expect(labelOf('ArrowLeft', 0)).to.equal(undefined);
  });

  it('lead from cell to cell', () => {
    const first = spots.findIndex(({ node }) => node === 1);
    const { columns } = items.items[1]!;
    expect(labelOf('ArrowRight', first)).to.equal('resize-1');
    expect(labelOf('ArrowDown', first)).to.equal(`resize-${columns}`);
    expect(labelOf('ArrowUp', first)).to.equal('bundle 1 resize-*');
  });
});
