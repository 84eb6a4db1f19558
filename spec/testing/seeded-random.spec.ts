import { expect } from 'chai';
import { seededRandom, shuffled } from '../../lib/testing/seeded-random.js';

describe('Random numbers that a seed fixes', () => {
  const first = (seed: number, count = 1000): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, random);
  };

  it('are the same for the same seed, and others for another', () => {
    expect(first(7)).to.deep.equal(first(7));
    expect(first(7)).to.not.deep.equal(first(8));
    expect(first(-1)).to.not.deep.equal(first(1));
  });

  it('lie between 0 and 1, evenly', () => {
    const numbers = first(1, 10_000);
    expect(Math.min(...numbers)).to.be.at.least(0);
    expect(Math.max(...numbers)).to.be.below(1);
    expect(numbers.reduce((sum, one) => sum + one, 0) / numbers.length).to.be.closeTo(0.5, 0.02);
  });

  it('shuffle a list: the same elements, every one first now and then', () => {
    const list = ['a', 'b', 'c', 'd'];
    const random = seededRandom(3);
    const firsts = new Map<string, number>();
    for (let n = 0; n < 4000; n += 1) {
      const other = shuffled(list, random);
      expect([...other].sort()).to.deep.equal(list);
      firsts.set(other[0]!, (firsts.get(other[0]!) ?? 0) + 1);
    }
    for (const count of firsts.values()) expect(count).to.be.closeTo(1000, 150);
    expect(list).to.deep.equal(['a', 'b', 'c', 'd']);
  });
});
