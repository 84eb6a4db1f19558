import { expect } from 'chai';
import { SingleFlight } from '../../../lib/journal/index.js';

describe('a single flight', () => {
  let flights: SingleFlight;
  let told: string[];
  const enter = (name: string, key = 'k') => flights.enter(key, (news) => void told.push(`${name} ${news}`));

  beforeEach(() => {
    flights = new SingleFlight();
    told = [];
  });

  it('lets the first of a key fly, whoever flies of others', () => {
    expect(enter('a').isFlying).to.equal(true);
    expect(enter('b').isFlying).to.equal(false);
    expect(enter('c', 'other').isFlying).to.equal(true);
    expect(flights.size).to.equal(2);
    expect(told).to.deep.equal([]);
  });

  it('tells all that wait, in order, when the result is remembered', () => {
    const first = enter('a');
    const others = [enter('b'), enter('c')];
    first.end(true);
    expect(told).to.deep.equal(['b landed', 'c landed']);
    expect(flights.size).to.equal(0);
    for (const other of others) other.end(true);
    expect(told).to.have.length(2);
  });

  it('gives the turn to the next alone when it is not remembered, and the rest wait for that one', () => {
    const first = enter('a');
    const second = enter('b');
    const third = enter('c');
    first.end(false);
    expect(told).to.deep.equal(['b turn']);
    second.end(false);
    expect(told).to.deep.equal(['b turn', 'c turn']);
    third.end(true);
    expect(flights.size).to.equal(0);
  });

  it('forgets one that waits no longer', () => {
    const first = enter('a');
    const second = enter('b');
    const third = enter('c');
    second.end(false);
    expect(told).to.deep.equal([]);
    first.end(false);
    expect(told).to.deep.equal(['c turn']);
    third.end(false);
    expect(flights.size).to.equal(0);
  });

  it('takes a second end for nothing, also when the key is made again meanwhile', () => {
    const first = enter('a');
    first.end(true);
    const again = enter('b');
    const waits = enter('c');
    first.end(false);
    first.end(true);
    expect(told).to.deep.equal([]);
    again.end(true);
    expect(told).to.deep.equal(['c landed']);
    waits.end(false);
    expect(enter('d').isFlying).to.equal(true);
  });

  it('lets one that is told enter again within it', () => {
    const seen: boolean[] = [];
    const first = enter('a');
    flights.enter('k', () => void seen.push(enter('b again').isFlying));
    flights.enter('k', () => void seen.push(enter('c again').isFlying));
    first.end(true);
    expect(seen).to.deep.equal([true, false]);
  });

  it('gives the same function two places', () => {
    const tell = (news: string): void => void told.push(news);
    const first = flights.enter('k', tell);
    flights.enter('k', tell);
    first.end(false);
    expect(told).to.deep.equal(['turn']);
  });
});
