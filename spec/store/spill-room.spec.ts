import { expect } from 'chai';
import { SpillRoom } from '../../lib/store/spill/spill-room.js';

describe('the room for spilled values', () => {
  it('is what is left of the bound', () => {
    const room = new SpillRoom(100);
    expect(room.take(60)).to.equal(undefined);
    expect([room.usedBytes, room.freeBytes]).to.deep.equal([60, 40]);
    expect(room.give(10)).to.equal(false);
    expect([room.usedBytes, room.freeBytes]).to.deep.equal([50, 50]);
  });

  it('is there again when the smallest value fits that did not, told once', () => {
    const room = new SpillRoom(100);
    room.take(90);
    expect(room.take(50)).to.deep.equal({ refusal: 'full', isNews: true });
    expect(room.take(30)).to.deep.equal({ refusal: 'full', isNews: false });
    expect([room.freeBytes, room.refusal]).to.deep.equal([10, undefined]);
    expect(room.give(10)).to.equal(false);
    expect(room.give(10)).to.equal(true);
    expect(room.give(10)).to.equal(false);
    expect(room.take(500)).to.deep.equal({ refusal: 'full', isNews: true });
  });

  it('is none while the disk refuses, whatever is given back', () => {
    const room = new SpillRoom(100);
    room.take(40);
    expect(room.refuse('full', 40)).to.equal(true);
    expect(room.refuse('full', 20)).to.equal(false);
    expect(room.give(40)).to.equal(false);
    expect([room.usedBytes, room.freeBytes, room.refusal, room.refusedBytes]).to.deep.equal([0, 0, 'full', 20]);
    expect(room.take(1)).to.deep.equal({ refusal: 'full', isNews: false });
    room.accept();
    expect([room.freeBytes, room.refusal, room.refusedBytes]).to.deep.equal([100, undefined, 0]);
  });

  it('tells each change of the reason', () => {
    const room = new SpillRoom(100);
    expect([room.refuse('full', 1), room.refuse('not-writable', 1), room.refuse('not-writable', 1)]).to.deep.equal([true, true, false]);
    room.accept();
    expect(room.refuse('not-writable', 1)).to.equal(true);
  });
});
