import { expect } from 'chai';
import { LinkBook } from '../../lib/testing/link-book.js';

describe('The book of what is wrong with links', () => {
  const cut = { stall: true };

  it('begins with nothing', () => {
    expect(new LinkBook().conditions('a', 'b')).to.deep.equal({});
  });

  it('knows the faults of a link in both directions, and of no other', () => {
    const book = new LinkBook();
    book.set('a', 'b', { delayMs: 5 });
    expect(book.conditions('a', 'b')).to.deep.equal({ delayMs: 5 });
    expect(book.conditions('b', 'a')).to.deep.equal({ delayMs: 5 });
    expect(book.conditions('a', 'c')).to.deep.equal({});
    book.set('b', 'a', {});
    expect(book.conditions('a', 'b')).to.deep.equal({});
  });

  it('stalls links between sides, beside their faults, and nobody else’s', () => {
    const book = new LinkBook();
    book.set('a', 'b', { delayMs: 5 });
    book.partition([['a', 'x'], ['b'], ['c']]);
    expect(book.conditions('a', 'b')).to.deep.equal({ delayMs: 5, stall: true });
    expect(book.conditions('b', 'c')).to.deep.equal(cut);
    expect(book.conditions('a', 'x')).to.deep.equal({});
    expect(book.conditions('a', 'of no side')).to.deep.equal({});
    book.heal();
    expect(book.conditions('a', 'b')).to.deep.equal({ delayMs: 5 });
  });

  it('adds one partition to another, and heals all of them', () => {
    const book = new LinkBook();
    book.partition([['a'], ['b']]);
    book.partition([['b'], ['c']]);
    expect([book.isCut('a', 'b'), book.isCut('b', 'c'), book.isCut('a', 'c')]).to.deep.equal([true, true, false]);
    book.heal();
    expect([book.isCut('a', 'b'), book.isCut('b', 'c')]).to.deep.equal([false, false]);
  });

  it('stalls every link of a node that stands still, also with strangers', () => {
    const book = new LinkBook();
    book.pause('a');
    expect([book.conditions('a', 'b'), book.conditions('b', 'a'), book.conditions(undefined, 'a')]).to.deep.equal([cut, cut, cut]);
    expect([book.conditions('b', 'c'), book.conditions(undefined, 'b')]).to.deep.equal([{}, {}]);
    book.resume('a');
    expect(book.conditions('a', 'b')).to.deep.equal({});
  });

  it('tells whoever watches of every change', () => {
    const book = new LinkBook();
    let changes = 0;
    const unwatch = book.watch(() => {
      changes += 1;
    });
    book.set('a', 'b', {});
    book.partition([['a'], ['b']]);
    book.heal();
    book.pause('a');
    book.resume('a');
    book.resume('a');
    expect(changes).to.equal(5);
    unwatch();
    book.heal();
    expect(changes).to.equal(5);
  });
});
