import { expect } from 'chai';
import { cancelled, openAttempt, small } from './remote-attempts.js';

describe('attempts that are sent to other nodes ahead of room', () => {
  it('are taken back if they have not begun, once their node says so', () => {
    const { begin, sent, ends, hear, key, turned } = openAttempt({ isAhead: true });
    const handle = begin();
    handle.takeBack();
    handle.takeBack();
    expect(sent.slice(1)).to.deep.equal([{ type: 'take-back-attempt', ...key, ask: 1 }]);
    expect(ends).to.deep.equal([]);
    hear({ type: 'attempt-taken-back', ...key, ask: 7 });
    expect(ends, 'that was another time').to.deep.equal([]);
    hear({ type: 'attempt-taken-back', ...key, ask: 1 });
    expect(ends).to.deep.equal([{ type: 'declined' }]);
    expect(turned, 'the node did nothing wrong').to.deep.equal([]);
    const another = begin();
    another.takeBack();
    expect(sent.at(-1), 'no two are alike').to.deep.equal({ type: 'take-back-attempt', ...key, ask: 2 });
  });

  it('go on if they have begun by the time that they are taken back', () => {
    const { begin, sent, ends, hear, key, ended, told } = openAttempt({ isAhead: true });
    const handle = begin();
    handle.takeBack();
    hear({ type: 'attempt-started', ...key, slot: 0 });
    hear({ type: 'attempt-taken-back', ...key, ask: 1 });
    ended(small);
    expect(told).to.deep.equal(['started']);
    expect(ends.map(({ type }) => type)).to.deep.equal(['succeeded']);
    handle.takeBack();
    const begun = openAttempt({ isAhead: true });
    const running = begun.begin();
    begun.hear({ type: 'attempt-started', ...key, slot: 0 });
    running.takeBack();
    expect([sent.length, begun.sent.length]).to.deep.equal([2, 1]);
  });

  it('are asked for anew if they have room there and have not begun after 100 ms', () => {
    const { begin, sent, ends, clock, hear, key, told, remote } = openAttempt({ isAhead: true });
    begin().promote();
    clock.advance(99);
    expect(sent).to.have.length(1);
    clock.advance(1);
    expect(sent[1]).to.deep.equal({ ...sent[0], isAhead: false });
    hear({ type: 'attempt-queued', ...key, lacking: [['cpu', 1]] });
    clock.advance(1e6);
    remote.linkUp('b');
    expect(sent[2]).to.equal(sent[1]);
    expect([sent.length, told, ends]).to.deep.equal([3, ['queued for {"cpu":1}'], []]);
  });

  it('are not asked for anew once they have begun, are on their way back, or are stopped', () => {
    for (const happens of [
      ({ hear, key }: ReturnType<typeof openAttempt>) => hear({ type: 'attempt-started', ...key, slot: 0 }),
      ({ ended }: ReturnType<typeof openAttempt>) => ended(small),
      (_: unknown, handle: ReturnType<ReturnType<typeof openAttempt>['begin']>) => handle.stop(cancelled, 5),
    ]) {
      const one = openAttempt({ isAhead: true });
      const handle = one.begin();
      handle.promote();
      happens(one, handle);
      handle.promote();
      one.clock.advance(1000);
      expect(one.sent.filter(({ type }) => type === 'run-attempt')).to.have.length(1);
    }
    const { begin, sent, clock } = openAttempt({ isAhead: true });
    const handle = begin();
    handle.takeBack();
    handle.promote();
    clock.advance(1000);
    expect(sent.map(({ type }) => type)).to.deep.equal(['run-attempt', 'take-back-attempt']);
  });

  it('are taken back once more when the link comes up, and are stopped if they are not wanted any more', () => {
    const { begin, remote, sent, ends, hear, key } = openAttempt({ isAhead: true });
    const handle = begin();
    handle.takeBack();
    remote.linkUp('b');
    expect(sent.map(({ type }) => type)).to.deep.equal(['run-attempt', 'take-back-attempt', 'run-attempt', 'take-back-attempt']);
    handle.stop(cancelled, 5);
    hear({ type: 'attempt-taken-back', ...key, ask: 1 });
    expect(ends).to.deep.equal([{ type: 'stopped' }]);
  });
});
