import { expect } from 'chai';
import fc from 'fast-check';
import { appendToShape, consumerOf, firstEdge, growingShape, NO_EDGE, nextEdge, type PlanShape } from '../../lib/dag/index.js';
import { type Edges, randomGraph } from './graphs.js';
import { cutAt, fragmentOf, growthOfNothing, shapeOf } from './growing.js';

/** What a shape says, without the room that its columns have. */
function facts(shape: PlanShape): unknown {
  const { size, ids, needsCount, producers, producersStart } = shape;
  const indices = [...Array(size).keys()];
  return {
    ids: [...ids],
    needsCount: indices.map((index) => needsCount[index]),
    producers: indices.map((index) => [...producers.subarray(producersStart[index]!, producersStart[index + 1]!)]),
    dependents: indices.map((index) => dependentsOf(shape, index)),
  };
}

function dependentsOf(shape: PlanShape, index: number): number[] {
  const found: number[] = [];
  for (let edge = firstEdge(shape, index); edge !== NO_EDGE; edge = nextEdge(shape, index, edge)) found.push(consumerOf(shape, edge));
  return found;
}

/** Each function needs functions before it. */
const ordered = randomGraph({ acyclic: true }).map((edges): Edges => edges.map((needs, i) => [...new Set(needs.filter((n) => n < i))]));

describe('a plan that grows', () => {
  it('is the same whether it is appended to in parts or made at once', () => {
    fc.assert(
      fc.property(ordered, fc.array(fc.nat(12)), (edges, cuts) => {
        const { base, fragments } = cutAt(edges, cuts);
        const before = structuredClone(base);
        const grown = growingShape(base);
        for (const fragment of fragments) appendToShape(grown, fragment);
        expect(facts(grown)).to.deep.equal(facts(shapeOf(edges)));
        expect(base).to.deep.equal(before);
      }),
    );
  });

  it('may refer forward within what is appended', () => {
    const grown = growingShape(shapeOf([[]], growthOfNothing()));
    const producers = [[2], [0, 3], []];
    appendToShape(grown, fragmentOf(1, producers));
    expect([0, 1, 2, 3].map((index) => dependentsOf(grown, index))).to.deep.equal([[2], [], [1], [2]]);
  });

  it('costs what is appended, not what is there', () => {
    const size = 200_000;
    const edges = Array.from({ length: size }, () => []);
    const grown = growingShape(shapeOf(edges, growthOfNothing()));
    const seen = new Set<unknown>();
    for (let from = size; from < size + 1000; from += 1) {
      appendToShape(grown, fragmentOf(from, [[0]]));
      for (const column of [grown.needsCount, grown.producers, grown.dependentsStart, grown.added!.lateNext]) seen.add(column);
    }
    // Columns are copied into larger ones a few times, however often something is appended.
    expect(seen.size).to.be.below(40);
  });

  it('copies no two columns for the same function, so that no turn takes long', () => {
    const size = 100_000;
    const grown = growingShape(
      shapeOf(
        Array.from({ length: size }, () => []),
        growthOfNothing(),
      ),
    );
    let most = 0;
    for (let from = size; from < 3 * size; from += 1000) {
      const before = columnsOf(grown);
      appendToShape(
        grown,
        fragmentOf(
          from,
          Array.from({ length: 1000 }, () => []),
        ),
      );
      most = Math.max(most, columnsOf(grown).filter((column, at) => column !== before[at]).length);
    }
    expect(most).to.equal(1);
  });

  it('has the parts of each map or expansion, in ranges, and whose part each function is', () => {
    const grown = growingShape(shapeOf([[], []], growthOfNothing()));
    appendToShape(grown, { ...fragmentOf(2, [[], []]), by: 0, total: 3 });
    appendToShape(grown, { ...fragmentOf(4, [[]]), by: 1, total: 1, sinks: [4], keys: ['a'] });
    appendToShape(grown, { ...fragmentOf(5, [[]]), by: 0, total: 3 });
    expect([...grown.added!.parts]).to.deep.equal([
      [0, { by: 0, total: 3, count: 3, ranges: [2, 4, 5, 6] }],
      [1, { by: 1, total: 1, count: 1, ranges: [4, 5], sinks: [4], keys: ['a'] }],
    ]);
    expect([...grown.added!.parentOf.subarray(0, 6)]).to.deep.equal([-1, -1, 0, 0, 1, 0]);
  });

  it('refuses functions for another place, and a plan that cannot grow', () => {
    const grown = growingShape(shapeOf([[]], growthOfNothing()));
    expect(() => appendToShape(grown, fragmentOf(2, [[]]))).to.throw('functions from index 2 on cannot be appended to a plan of 1');
    expect(() => growingShape(shapeOf([[]]))).to.throw('cannot grow');
    expect(() => appendToShape(shapeOf([[]]), fragmentOf(1, [[]]))).to.throw('cannot grow');
  });
});

function columnsOf({ needsCount, dependentsStart, producersStart, added }: PlanShape): unknown[] {
  return [needsCount, dependentsStart, producersStart, added!.parentOf, added!.lateFirst, added!.lateLast];
}
