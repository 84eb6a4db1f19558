import { expect } from 'chai';
import { compile, Dag } from '../../lib/dag/index.js';
import { familiesOf, Nearness } from '../../lib/runner/run/values/nearness.js';

const LARGE = 100_000;
const code = { module: 'm.js', name: 'f' };

/** Two pairs that meet, a third function that one of them meets too, and one that meets nobody. */
const dag = Dag.dynamic('d')
  .input('given')
  .add({ id: 'a', code, args: ['given'] })
  .add({ id: 'b', code })
  .add({ id: 'c', code })
  .add({ id: 'alone', code })
  .add({ id: 'ab', code, args: ['a', 'b'] })
  .add({ id: 'bc', code, args: ['b', 'c'] })
  .add({ id: 'after', code, args: ['alone', 'alone'] });
const plan = compile(dag);
const at = (id: string): number => plan.indexOf.get(id)!;

function nearness(sizes: Readonly<Record<string, number>> = {}, before: Readonly<Record<string, string>> = {}) {
  const nodes = plan.ids.map((id) => before[id]);
  const columns = { sizes: Float64Array.from(plan.ids, (id) => sizes[id] ?? 0) };
  return new Nearness({ plan, nodes, columns, composites: undefined });
}

describe('where functions belong', () => {
  it('is with their family: those whose values are needed together, and who that joins', () => {
    const families = familiesOf(plan);
    const of = (id: string): number => families[at(id)]!;
    expect(of('a')).to.equal(of('b')).and.to.equal(of('c'));
    const others = ['alone', 'ab', 'bc', 'after'].map(of);
    expect(new Set([of('a'), ...others]).size, 'each is alone').to.equal(5);
  });

  it('counts how many of the family were placed on a node, from the start or since the first question', () => {
    const near = nearness({}, { a: 'x' });
    expect(near.kin(at('c'), 'x')).to.equal(1);
    near.placed(at('b'), 'x');
    near.placed(at('alone'), 'x');
    expect(near.kin(at('c'), 'x')).to.equal(2);
    expect(near.kin(at('c'), 'y')).to.equal(0);
    expect(near.kin(at('after'), 'x')).to.equal(0);
  });

  it('knows who gets a copy of a value, or of an input, for something that was placed there', () => {
    const near = nearness({ a: LARGE, b: 10 });
    expect(near.hasCopy(at('a'), 'x')).to.equal(false);
    near.placed(at('ab'), 'x');
    expect(near.hasCopy(at('a'), 'x')).to.equal(true);
    expect(near.hasCopy(at('a'), 'y')).to.equal(false);
    expect(near.hasCopy(at('b'), 'x'), 'it rides along, and is not kept').to.equal(false);
    near.placed(at('a'), 'y');
    expect(near.hasCopy(-1, 'y')).to.equal(true);
  });
});
