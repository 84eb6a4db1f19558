import { expect } from 'chai';
import type { WireMessageOf } from '../../lib/peer/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { asks, guestNode, nameOf } from './guests.js';

type Question = WireMessageOf<'run-attempt'>;

/** A question about a function in a thread, sent ahead of room unless told otherwise. */
const inThread = (name: string, over: Partial<Question> = {}): Question => {
  const asked = asks(name);
  return { ...asked, isAhead: true, ...over, steps: asked.steps.map((step) => ({ ...step, isolation: 'thread' })) };
};

/** A node with one thread whose functions are known to be short, and one of run `r` that runs. */
function node() {
  const made = guestNode({ cpu: 1 });
  const { guests, threads, heard, nextTurn } = made;
  guests.heard('a', inThread('r/first', { isAhead: false }));
  threads.of('first').succeed(1);
  guests.heard('a', inThread('r/f', { isAhead: false }));
  heard();
  const takesBack = (name: string, ask = 1, attempt = 1): void => {
    guests.heard('a', { type: 'take-back-attempt', of: nameOf(name, attempt), ask });
    nextTurn();
  };
  return { ...made, takesBack };
}

describe('attempts that drivers send ahead of room', () => {
  it('wait without a word, and are not counted among those that wait', () => {
    const { guests, heard, isolation } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/g', { isAhead: true }));
    guests.heard('a', asks('r/h'));
    expect(heard()).to.deep.equal(['a: started f', 'a: queued h {"cpu":1}']);
    expect(guests.queued).to.equal(1);
    expect(guests.waiting().map(({ functionId }) => functionId)).to.deep.equal(['h']);
    isolation.of('f').succeed(1);
    expect(heard()).to.deep.equal(['a: ended f succeeded', 'a: started g']);
  });

  it('wait like any other once their driver says that they have room, and say so', () => {
    const { guests, heard, isolation, clock, said, nextTurn } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/g', { isAhead: true }));
    heard();
    clock.advance(50);
    guests.heard('a', asks('r/g'));
    expect(heard()).to.deep.equal(['a: queued g {"cpu":1}']);
    expect([guests.queued, guests.waiting().length]).to.deep.equal([1, 1]);
    guests.heard('a', asks('r/g', { isAhead: true }));
    expect(guests.queued, 'for good').to.equal(1);
    clock.advance(20);
    isolation.of('f').succeed(1);
    nextTurn();
    isolation.of('g').succeed(2);
    const { outcome } = said.at(-1)!.message as WireMessageOf<'attempt-ended'>;
    expect(outcome).to.deep.include({ type: 'succeeded' }).and.to.have.nested.property('phases[0]', 20);
  });

  it('lie at threads, and begin by the claim of the one before', () => {
    const { guests, heard, threads, ledger } = node();
    guests.heard('a', inThread('r/g'));
    expect([heard(), threads.running]).to.deep.equal([[], ['f']]);
    threads.of('f').succeed(1);
    expect(threads.running).to.deep.equal(['g']);
    expect(heard()).to.deep.equal(['a: ended f succeeded', 'a: started g']);
    expect(ledger.used).to.deep.equal({ cpu: 1 });
    threads.of('g').succeed(2);
    expect(heard()).to.deep.equal(['a: ended g succeeded']);
    expect(ledger.isFree).to.equal(true);
  });

  it('are taken back from the queue and from threads, and are forgotten', () => {
    const { guests, heard, threads, takesBack, ledger } = node();
    for (const name of ['lies', 'waits']) guests.heard('a', inThread(`r/${name}`));
    takesBack('r/waits');
    takesBack('r/lies');
    expect(heard()).to.deep.equal(['a: taken-back waits', 'a: taken-back lies']);
    threads.of('f').succeed(1);
    expect([threads.running, ledger.isFree]).to.deep.equal([[], true]);
    heard();
    guests.heard('a', inThread('r/lies', { isAhead: false }));
    expect(heard(), 'it may come again').to.deep.equal(['a: started lies']);
  });

  it('go on if they have begun, and nothing is said of what is not there', () => {
    const { heard, threads, takesBack, guests } = node();
    takesBack('r/f');
    expect([heard(), threads.running]).to.deep.equal([[], ['f']]);
    takesBack('r/unknown', 4);
    guests.heard('c', { type: 'take-back-attempt', of: nameOf('other/f'), ask: 5 });
    expect(heard()).to.deep.equal(['a: taken-back unknown', 'c: taken-back f']);
    threads.of('f').succeed(1);
    heard();
    takesBack('r/f');
    expect(heard(), 'its end was told').to.deep.equal([]);
  });

  it('that lie are stopped without having run', () => {
    const { guests, heard, threads, stops, ledger } = node();
    guests.heard('a', inThread('r/g'));
    stops('r/g');
    expect(heard()).to.deep.equal(['a: ended g stopped']);
    threads.of('f').succeed(1);
    expect([threads.running, ledger.isFree]).to.deep.equal([[], true]);
  });

  it('that are stopped before they were laid anywhere are over at once', () => {
    const { guests, heard, threads, stops, nextTurn, clock, ledger } = node();
    clock.advance(5);
    guests.heard('a', inThread('r/g'));
    stops('r/g');
    expect(heard(), 'though its turn has not come').to.deep.equal(['a: ended g stopped']);
    guests.heard('c', inThread('s/x', { isAhead: false }));
    nextTurn();
    threads.of('f').succeed(1);
    nextTurn();
    expect(threads.running).to.deep.equal(['x']);
    threads.of('x').succeed(1);
    expect(ledger.isFree).to.equal(true);
  });

  it('leave room to others at once when they are stopped or taken back while they wait for more', () => {
    for (const isStopped of [true, false]) {
      const { guests, heard, isolation, stops, clock, nextTurn } = guestNode({ cpu: 2 });
      guests.heard('a', asks('r/f'));
      guests.heard('a', asks('r/large', { isAhead: true, cost: [['cpu', 2]] }));
      clock.advance(1000);
      guests.heard('c', asks('s/small'));
      expect(heard(), 'as the large one has waited long').to.deep.equal(['a: started f', 'c: queued small {}']);
      if (isStopped) stops('r/large');
      else guests.heard('a', { type: 'take-back-attempt', of: nameOf('r/large'), ask: 1 });
      nextTurn();
      expect(isolation.running).to.deep.equal(['f', 'small']);
    }
  });

  it('that lie leave their place to other drivers in turn', () => {
    const { guests, heard, threads } = node();
    for (const name of ['g', 'h']) guests.heard('a', inThread(`r/${name}`));
    guests.heard('c', inThread('s/x', { isAhead: false }));
    const order: string[] = [];
    for (let step = 0; step < 4; step += 1) {
      const [first] = threads.running;
      order.push(first!);
      threads.of(first!).succeed(1);
    }
    expect(order.indexOf('x')).to.be.below(3);
    expect(order.toSorted()).to.deep.equal(['f', 'g', 'h', 'x']);
    heard();
  });

  it('that lie go back to their driver when the node drains, and are dropped when the driver is gone', () => {
    const { guests, heard, threads, allocation } = node();
    guests.heard('a', inThread('r/g'));
    allocation.drain();
    guests.drain();
    expect(heard()).to.deep.equal(['a: refused g']);
    const other = node();
    other.guests.heard('a', inThread('r/g'));
    other.guests.driverGone('a');
    expect(other.threads.of('f').stops).to.have.length(1);
    other.threads.of('f').end({ type: 'stopped' });
    expect([other.threads.running, other.ledger.isFree, other.heard()]).to.deep.equal([[], true, []]);
    expect(threads.running).to.deep.equal(['f']);
  });

  it('that lie too long wait for room instead, and those that are not sent ahead say so then', () => {
    const { guests, heard, threads, clock, nextTurn } = node();
    guests.heard('a', inThread('r/g', { isAhead: false }));
    expect(heard()).to.deep.equal([]);
    clock.advance(100);
    expect(heard()).to.deep.equal(['a: queued g {"cpu":1}']);
    threads.of('f').succeed(1);
    nextTurn();
    expect(threads.running).to.deep.equal(['g']);
  });

  it('that end while enough others lie need not be told of at once', () => {
    const { guests, threads, said } = guestNode({ cpu: 1 });
    const ends = (name: string): void => threads.of(name).end({ type: 'succeeded', values: [StoredValue.live(1, 8)], tookMs: 0.1 });
    guests.heard('a', inThread('r/first', { isAhead: false }));
    ends('first');
    said.splice(0);
    guests.heard('a', inThread('r/f', { isAhead: false }));
    for (const name of ['g', 'h', 'i']) guests.heard('a', inThread(`r/${name}`));
    for (const name of ['f', 'g', 'h', 'i']) ends(name);
    const told = said.map(({ message, mayRest }) => {
      const { type, of } = message as WireMessageOf<'attempt-ended'>;
      return `${type.replace('attempt-', '')} ${of[1]} ${mayRest ? 'later' : 'now'}`;
    });
    expect(told.filter((text) => text.startsWith('ended'))).to.deep.equal(['ended f later', 'ended g later', 'ended h now', 'ended i now']);
    expect(told[0], 'nobody knew that it would have to wait').to.equal('started f now');
  });

  it('that belong to a traced run are watched from their start on', () => {
    const { guests, threads, watched, nextTurn } = node();
    const origin = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: null, links: [] };
    guests.heard('a', inThread('r/g', { isAhead: false, origin }));
    expect(watched).to.deep.equal([]);
    threads.of('f').succeed(1);
    nextTurn();
    expect([threads.running, watched]).to.deep.equal([['g'], ['g']]);
  });

  it('that may not wait do not lie', () => {
    const { guests, heard } = node();
    guests.heard('a', inThread('r/g', { isAhead: false, mayQueue: false }));
    expect(heard()).to.deep.equal(['a: refused g']);
  });
});
