import { expect } from 'chai';
import { SplitMap } from '../../lib/store/split-map.js';

describe('a map that is split', () => {
  it('has each id once, and the last value that was set under it, however many there are', () => {
    const map = new SplitMap<number>(new Map());
    const model = new Map<string, number>();
    for (let at = 0; at < 100_000; at += 1) {
      // Alike at the beginning, in the middle or at the end; the empty id and the longest are ids too.
      const id = ['x'.repeat(at % 3), `f${at % 70_000}`, `item-${at}/resize`, `${at}`.padEnd(200, '-')][at % 4]!;
      if (at % 5 === 4) {
        map.delete(id);
        model.delete(id);
      } else {
        map.set(id, at);
        model.set(id, at);
      }
      expect(map.size).to.equal(model.size);
    }
    expect(model.size).to.be.above(50_000);
    for (const [id, value] of model) if (map.get(id) !== value) throw new Error(`${id} is ${map.get(id)}, not ${value}`);
    expect(map.get('none')).to.equal(undefined);
    expect([...map.keys()].sort()).to.deep.equal([...model.keys()].sort());
    expect([...map.values()].sort()).to.deep.equal([...model.values()].sort());
  });
});
