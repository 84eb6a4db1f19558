import { expect } from 'chai';
import { checkedFlag } from '../../lib/base/index.js';

describe('an option that is true or false', () => {
  it('is what was given, or its default', () => {
    expect([checkedFlag('spill', false, true), checkedFlag('spill', undefined, true)]).to.deep.equal([false, true]);
  });

  it('names what was given in its place, whatever that is', () => {
    for (const [given, text] of [
      ['true', '"true"'],
      [1, '1'],
      [null, 'null'],
      [Object.create(null), 'a value of type object'],
      [Symbol('yes'), 'a value of type symbol'],
    ]) {
      expect(() => checkedFlag('spill', given, true)).to.throw(TypeError, `spill must be true or false, not ${text as string}`);
    }
  });
});
