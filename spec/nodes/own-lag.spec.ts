import { expect } from 'chai';
import { Brain, identity } from './brain.js';

const LATE_MS = 12;

describe('the lag of the observer itself', () => {
  let me: Brain;
  beforeEach(() => {
    me = new Brain();
    me.up(0, identity('a'));
  });

  it('puts nothing off when it is no more than that of any timer', () => {
    let nowMs = 0;
    const words: string[] = [];
    while (nowMs < 5125) {
      nowMs += 125 + LATE_MS;
      words.push(...me.tick(nowMs, LATE_MS));
    }
    expect(nowMs).to.be.below(5300);
    expect(words).to.include('member-lost a1 silent');
  });

  it('is no silence of others when the loop stood still', () => {
    expect(me.tick(6000, 5875)).to.deep.equal([]);
    expect(me.tick(8500)).to.deep.equal(['member-suspect a1']);
  });

  it('counts from a tenth of an interval on', () => {
    me.tick(4900, 49);
    expect(me.tick(4999)).to.deep.equal([]);
    expect(me.tick(5000)).to.include('member-lost a1 silent');
    const other = new Brain();
    other.up(0, identity('a'));
    other.tick(4900, 50);
    expect(other.tick(5049)).to.deep.equal([]);
    expect(other.tick(5050)).to.include('member-lost a1 silent');
  });
});
