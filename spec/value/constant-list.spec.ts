import { expect } from 'chai';
import { constantList } from '../../lib/value/index.js';

describe('constants that another node sends', () => {
  it('are a list that a call could take, or refused', () => {
    const endless: unknown[] = [];
    endless.length = 2 ** 32 - 1;
    for (const wrong of ['abc', 7, { a: 1 }, undefined, new Set([1]), endless])
      expect(() => constantList(wrong)).to.throw(TypeError, 'are no list');
    const list = [1, 'x'];
    expect(constantList(list)).to.equal(list);
  });
});
