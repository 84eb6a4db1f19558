import { expect } from 'chai';
import fc from 'fast-check';
import { AgingMap } from '../../lib/base/index.js';

const key = fc.nat(6);
const step = fc.oneof(
  fc.record({ type: fc.constant('add' as const), key, value: fc.nat() }),
  fc.record({ type: fc.constant('replace' as const), key, value: fc.nat() }),
  fc.record({ type: fc.constant('take' as const), key }),
  fc.record({ type: fc.constant('take-oldest' as const) }),
  fc.record({ type: fc.constant('clear' as const) }),
);

describe('a map that knows its oldest entry', () => {
  it('does what a Map does whose entries are deleted before they are set', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new AgingMap<number, number>();
        const model = new Map<number, number>();
        const taken = (of: number): [number | undefined, number | undefined] => {
          const expected = model.get(of);
          model.delete(of);
          return [map.take(of), expected];
        };
        for (const one of steps) {
          if (one.type === 'add') {
            expect(map.add(one.key, one.value)).to.equal(model.get(one.key));
            model.delete(one.key);
            model.set(one.key, one.value);
          } else if (one.type === 'replace') {
            map.replace(one.key, one.value);
            if (model.has(one.key)) model.set(one.key, one.value);
          } else if (one.type === 'clear') {
            map.clear();
            model.clear();
          } else {
            const of = one.type === 'take' ? one.key : map.oldest;
            if (of === undefined) continue;
            const [found, expected] = taken(of);
            expect(found).to.equal(expected);
          }
          expect([...map.values()]).to.deep.equal([...model.values()]);
          expect([map.size, map.oldest]).to.deep.equal([model.size, model.keys().next().value]);
          for (let of = 0; of <= 6; of += 1) expect(map.get(of)).to.equal(model.get(of));
        }
      }),
    );
  });
});
