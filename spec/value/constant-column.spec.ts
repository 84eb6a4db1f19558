import { expect } from 'chai';
import { doAtOnce, HandoffError } from '../../lib/base/index.js';
import { ConstantColumn } from '../../lib/value/index.js';

/** The bytes of each of some lists, in one column. */
function columnOf(...lists: readonly (readonly unknown[])[]): string[] {
  const column = new ConstantColumn();
  const starts = lists.map((list) => {
    const start = column.length;
    const work = column.add(list);
    if (work) doAtOnce(work);
    return start;
  });
  const bytes = Buffer.from(column.toBytes());
  return starts.map((start, k) => bytes.subarray(start, starts[k + 1]).toString('hex'));
}

const table = { rows: Array.from({ length: 100 }, (_, k) => ({ k })) };

describe('the constants of functions as a column', () => {
  it('are equal bytes where they are equal, wherever they stand and whatever stood before', () => {
    const lists = [
      [1, 'a', null],
      [table, 1, 'a'],
      [{ a: 1, b: 2 }, -0],
      ['x'.repeat(100)],
      ['x'.repeat(10_000), 2],
      [1n, undefined, true],
      [],
    ];
    const once = columnOf(...lists);
    expect(columnOf(...lists, ...lists)).to.deep.equal([...once, ...once]);
    for (const [k, list] of lists.entries()) expect(columnOf(list)).to.deep.equal([once[k]]);
    expect(columnOf([structuredClone(table), 1, 'a'], [{ b: 2, a: 1 }, -0])).to.deep.equal([once[1], once[2]]);
  });

  it('differ where a function could tell them apart', () => {
    const one = { a: 1 };
    const lists = [
      [],
      [undefined],
      [null],
      [0],
      [-0],
      ['0'],
      [0, 1],
      [[0, 1]],
      [[0], 1],
      ['01'],
      [{}],
      [[]],
      [one, one],
      [one, { a: 1 }],
      [one],
      [one, table, one],
      [one, table, table],
      ['x'.repeat(10_000)],
      ['x'.repeat(10_001)],
      [Array(5000).fill(1)],
      [Array(5000).fill(2)],
      [table],
      [table, table],
      [table, structuredClone(table)],
      [{ rows: table.rows.slice(1) }],
      ['x'.repeat(100)],
      ['x'.repeat(101)],
      ['x'.repeat(100), 'x'.repeat(100)],
      [Buffer.from('a')],
      [Uint8Array.of(97)],
      [new Map([[1, 2]])],
    ];
    const all = columnOf(...lists);
    expect(new Set(all).size).to.equal(lists.length);
  });

  it('take the digest of a large one once, however many functions share it, and few bytes each', () => {
    let looks = 0;
    const large = new Map([['rows', table.rows]]);
    Object.defineProperty(large, 'size', {
      get: () => {
        looks += 1;
        return 1;
      },
    });
    expect(columnOf(...Array(1000).fill([large])).join('').length / 2).to.equal(33_000);
    expect(looks).to.equal(1);
  });

  it('are refused, with the path, where they are no values', () => {
    for (const [given, path] of [
      [[1, () => 1], 'extraArgs[1]'],
      [[{ a: [Symbol('b')] }], 'extraArgs[0].a[0]'],
    ] as const) {
      let refused: unknown;
      try {
        columnOf(given);
      } catch (error) {
        refused = error;
      }
      expect(HandoffError.is(refused, 'HANDOFF_NOT_SERIALIZABLE') && refused.path).to.equal(path);
    }
  });
});
