import { expect } from 'chai';
import fc from 'fast-check';
import { PassingMap } from '../../lib/base/index.js';

describe('a map of what comes and goes', () => {
  it('answers as a Map does, whatever is done to it', () => {
    const key = fc.integer({ min: 0, max: 9 });
    const step = fc.oneof(
      fc.record({ type: fc.constant('set' as const), key, value: fc.string() }),
      fc.record({ type: fc.constantFrom('delete' as const, 'take' as const), key }),
      fc.record({ type: fc.constant('clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [model, map] = [new Map<number, string>(), new PassingMap<number, string>()];
        for (const one of steps) {
          if (one.type === 'set') {
            model.set(one.key, one.value);
            map.set(one.key, one.value);
          } else if (one.type === 'delete') expect(map.delete(one.key)).to.equal(model.delete(one.key));
          else if (one.type === 'take') {
            expect(map.take(one.key)).to.equal(model.get(one.key));
            model.delete(one.key);
          } else {
            model.clear();
            map.clear();
          }
          expect(map.size).to.equal(model.size);
          expect([...map]).to.deep.equal([...model]);
          expect([...map.keys()]).to.deep.equal([...model.keys()]);
          expect([...map.values()]).to.deep.equal([...model.values()]);
          for (let at = 0; at < 10; at += 1) expect([map.get(at), map.has(at)]).to.deep.equal([model.get(at), model.has(at)]);
        }
      }),
    );
  });

  it('may be emptied by whoever goes through it', () => {
    const map = new PassingMap<number, string>();
    for (let at = 0; at < 5; at += 1) map.set(at, `v${at}`);
    const seen: string[] = [];
    for (const [at, value] of map) {
      seen.push(value);
      map.delete(at);
      map.delete(at + 1);
    }
    expect(seen).to.deep.equal(['v0', 'v2', 'v4']);
    expect(map.size).to.equal(0);
  });
});
