import { expect } from 'chai';
import { type Arrival, Inbox, IncomingBudget, NoRoom } from '../../lib/peer/links/inbox.js';

const MAX_BYTES = 4000;
const bytes = (count: number): readonly Uint8Array[] => [new Uint8Array(count)];

/** Inboxes of as many links that share a budget. */
function inboxes(count: number): Inbox[] {
  const budget = new IncomingBudget(MAX_BYTES);
  return Array.from({ length: count }, () => new Inbox({ budget, memoryFor: () => undefined, expects: (id) => id < 1000 }));
}

const refusal = (arrival: Arrival): NoRoom => {
  if (arrival.type !== 'refused' || !(arrival.error instanceof NoRoom)) throw new Error(`it is ${arrival.type}`);
  return arrival.error;
};

describe('an inbox of values', () => {
  it('takes nothing for what is announced: only for bytes that come', () => {
    const [liar, honest] = inboxes(2) as [Inbox, Inbox];
    for (let id = 0; id < 100; id += 1) expect(liar.chunk(id, 3000, bytes(1)).type).to.equal('arriving');
    expect(honest.chunk(1, 2900, bytes(2900)).type).to.equal('arrived');
  });

  it('refuses what is more than a link may ever have, and says how much that is', () => {
    const [one] = inboxes(1) as [Inbox];
    for (const size of [3001, 4 * 2 ** 30, Number.MAX_SAFE_INTEGER]) {
      const error = refusal(one.chunk(size, size, bytes(1)));
      expect(error.isForGood).to.equal(true);
      expect(error.message).to.equal(`Cannot take a value of ${size} bytes: there is no room, it may have 3000 at most`);
      expect(one.chunk(size, size, bytes(10)).type, 'what was under way is let pass').to.equal('arriving');
    }
    expect(one.chunk(1, 3000, bytes(3000)).type).to.equal('arrived');
  });

  it('refuses what nobody waits for', () => {
    const [one] = inboxes(1) as [Inbox];
    expect(refusal(one.chunk(1000, 10, bytes(1))).isForGood).to.equal(false);
  });

  it('lets no link take all: however much one takes, the next gets three quarters of what is left', () => {
    const [greedy, second, third] = inboxes(3) as [Inbox, Inbox, Inbox];
    expect(greedy.chunk(1, 3000, bytes(2999)).type).to.equal('arriving');
    expect(greedy.chunk(2, 100, bytes(99)).type).to.equal('refused');
    expect(second.chunk(1, 750, bytes(749)).type).to.equal('arriving');
    expect(third.chunk(1, 180, bytes(180)).type).to.equal('arrived');
  });

  it('gives back what a value had when it is refused in its midst, given up, whole, or its link is over', () => {
    const [one, other] = inboxes(2) as [Inbox, Inbox];
    for (let round = 0; round < 10; round += 1) {
      expect(other.chunk(1, 3000, bytes(1500)).type).to.equal('arriving');
      expect(one.chunk(1, 3000, bytes(1000)).type).to.equal('arriving');
      const midst = refusal(one.chunk(1, 3000, bytes(1500)));
      expect(midst.isForGood).to.equal(false);
      expect(one.chunk(1, 3000, bytes(500)).type).to.equal('arriving');
      expect(one.chunk(2, 100, bytes(50)).type).to.equal('arriving');
      expect(one.chunk(2, -1, []).type).to.equal('abandoned');
      expect(one.chunk(3, 100, bytes(101)).type).to.equal('malformed');
      other.close();
      one.close();
    }
    expect(one.chunk(1, 3000, bytes(3000)).type).to.equal('arrived');
  });
});
