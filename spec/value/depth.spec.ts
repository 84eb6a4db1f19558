import { expect } from 'chai';
import fc from 'fast-check';
import { packedDepth } from '../../lib/value/depth.js';
import { check, pack, unpack } from '../../lib/value/index.js';

type Wrap = (inside: unknown) => unknown;

const KINDS: Readonly<Record<string, Wrap>> = {
  object: (inside) => ({ a: inside }),
  array: (inside) => [inside],
  'sparse array': (inside) => Object.assign([], { 5: inside }),
  Map: (inside) => new Map([['k', inside]]),
  'key of a Map': (inside) => new Map([[inside, 1]]),
  Set: (inside) => new Set([inside]),
};

function nested(depth: number, wrap: Wrap = KINDS.object!): unknown {
  let value: unknown = 'inside';
  for (let level = 0; level < depth; level += 1) value = wrap(value);
  return value;
}

const refused =
  (value: unknown): (() => unknown) =>
  () =>
    check(value, { where: 'result', freeze: false });

describe('how deep a value is nested', () => {
  for (const [kind, wrap] of Object.entries(KINDS)) {
    it(`may be up to 1,000, in each ${kind}, and opens wherever it goes`, () => {
      const packed = pack(nested(1000, wrap), { where: 'result' });
      expect(typeof unpack(packed, { freeze: true })).to.equal('object');
    });

    it(`may not be more, in each ${kind}: that is refused, with the path`, () => {
      for (const depth of [1001, 3000, 20_000]) {
        expect(refused(nested(depth, wrap))).to.throw(/^Cannot pass result.* on: it is nested deeper than 1000$/);
        expect(() => pack({ rows: [nested(depth, wrap)] }, { where: 'result' }))
          .to.throw()
          .with.property('path')
          .that.matches(/^result\.rows\[0\]/);
      }
    });
  }

  it('counts the longest way that leads to it, however it is reached first', () => {
    const shared = { tail: nested(900) };
    expect(refused([shared, nested(900, (inside) => ({ a: inside === 'inside' ? shared : inside }))])).not.to.throw();
    // V8 comes by the long way first here.
    expect(refused([nested(900, (inside) => ({ a: inside === 'inside' ? shared : inside })), shared])).to.throw('nested deeper');
    expect(
      refused({ error: Object.assign(new Error('x'), { shared }), long: nested(900, (inside) => [inside === 'inside' ? shared : inside]) }),
    ).to.throw('nested deeper');
  });

  it('does not count cycles, nor how often a value is shared', () => {
    const nodes = Array.from({ length: 5000 }, (): { next?: object; parent?: object } => ({}));
    const root = { nodes };
    for (const node of nodes) node.parent = root;
    expect(refused(root)).not.to.throw();
    const row = { config: { a: [1] } };
    expect(refused(Array.from({ length: 5000 }, () => ({ row, config: row.config })))).not.to.throw();
  });

  it('is never less than what V8 goes into', () => {
    const graphs = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 31 });
    fc.assert(
      fc.property(graphs, (edges) => {
        const nodes = edges.map((): unknown[] => []);
        for (const [at, targets] of edges.entries()) nodes[at]!.push(...targets.map((target) => nodes[target % nodes.length]));
        expect(packedDepth(nodes[0]!)).to.equal(recursiveDepth(nodes[0]!));
      }),
    );
  });
});

function recursiveDepth(value: object, seen = new Set<object>()): number {
  if (seen.has(value)) return 0;
  seen.add(value);
  let deepest = 0;
  for (const inside of Object.values(value)) deepest = Math.max(deepest, recursiveDepth(inside as object, seen));
  return deepest + 1;
}
