import { expect } from 'chai';
import { type RequestLimit, Requests, type WireMessage } from '../../lib/peer/index.js';
import { testClock } from '../support/test-clock.js';

const FIVE_SECONDS: RequestLimit = { withinMs: 5000, what: 'whether it has room' };

/** Requests over a wire that writes down what was sent. */
function open() {
  const sent: string[] = [];
  const ends: string[] = [];
  const clock = testClock();
  const requests = new Requests((to, message) => {
    sent.push(`${(message as { id: number }).id} to ${to}`);
    return false;
  }, clock);
  const ask = (to: string, name: string, limit: RequestLimit = FIVE_SECONDS): (() => void) =>
    requests.request<string>(
      to,
      (id): WireMessage => ({ type: 'ask', id, question: { kind: 'check-room', required: [] } }),
      {
        answered: (value) => void ends.push(`${name} answered ${value}`),
        failed: (error) => void ends.push(`${name} failed ${error.message}`),
      },
      limit,
    );
  return { clock, requests, sent, ends, ask };
}

describe('requests to peers', () => {
  it('each have an id of their own, and end in their answer', () => {
    const { requests, sent, ends, ask } = open();
    ask('b', 'x');
    ask('c', 'y');
    expect(sent).to.deep.equal(['1 to b', '2 to c']);
    requests.answered('c', 2, 'yes');
    requests.failed('b', 1, new Error('no'));
    expect(ends).to.deep.equal(['y answered yes', 'x failed no']);
  });

  it('are answered once, and by nobody else', () => {
    const { requests, ends, ask } = open();
    ask('b', 'x');
    requests.answered('c', 1, 'not asked');
    requests.failed('c', 1, new Error('not asked'));
    requests.answered('b', 7, 'never asked');
    requests.answered('b', 1, 'first');
    requests.answered('b', 1, 'second');
    expect(ends).to.deep.equal(['x answered first']);
  });

  it('are asked again when the link comes up, as long as they are open', () => {
    const { requests, sent, ends, ask } = open();
    for (const [to, name] of [
      ['b', 'x'],
      ['c', 'y'],
      ['b', 'z'],
    ] as const) {
      ask(to, name);
    }
    requests.answered('b', 1, 'done');
    sent.length = 0;
    requests.linkUp('b');
    expect(sent).to.deep.equal(['3 to b']);
    requests.answered('b', 3, 'late');
    expect(ends).to.deep.equal(['x answered done', 'z answered late']);
  });

  it('fail when their node is gone, or this one', () => {
    const { requests, sent, ends, ask } = open();
    ask('b', 'x');
    ask('c', 'y');
    requests.gone('b', new Error('lost'));
    expect(ends).to.deep.equal(['x failed lost']);
    requests.close(new Error('stopped'));
    expect(ends).to.deep.equal(['x failed lost', 'y failed stopped']);
    sent.length = 0;
    requests.linkUp('b');
    expect(sent).to.deep.equal([]);
  });

  it('tell nobody once they are given up', () => {
    const { requests, sent, ends, ask } = open();
    const giveUp = ask('b', 'x');
    giveUp();
    sent.length = 0;
    requests.linkUp('b');
    requests.answered('b', 1, 'late');
    requests.gone('b', new Error('lost'));
    expect({ sent, ends }).to.deep.equal({ sent: [], ends: [] });
  });

  it('may be made by whoever hears of the end of one', () => {
    const { requests, ends, ask } = open();
    const again = (): void => void ask('b', 'again');
    void requests.request(
      'b',
      (id): WireMessage => ({ type: 'fetch-value', id, value: { kind: 'offered', offer: 1 } }),
      {
        answered: again,
        failed: again,
      },
      FIVE_SECONDS,
    );
    requests.gone('b', new Error('lost'));
    requests.answered('b', 2, 'yes');
    expect(ends).to.deep.equal(['again answered yes']);
  });

  it('are promises too', async () => {
    const { requests } = open();
    const make = (id: number): WireMessage => ({ type: 'fetch-value', id, value: { kind: 'offered', offer: 1 } });
    const [yes, no] = [requests.ask<string>('b', make, FIVE_SECONDS), requests.ask<string>('b', make, FIVE_SECONDS)];
    requests.answered('b', 1, 'value');
    requests.failed('b', 2, new Error('boom'));
    expect(await yes).to.equal('value');
    expect(await no.catch((error: Error) => error.message)).to.equal('boom');
  });

  it('fail when their limit is over, saying what was asked of whom, and are not asked again', () => {
    const { clock, requests, sent, ends, ask } = open();
    ask('b', 'x');
    ask('c', 'y');
    requests.answered('c', 2, 'yes');
    clock.advance(4999);
    expect(ends).to.deep.equal(['y answered yes']);
    clock.advance(1);
    expect(ends.at(-1)).to.equal('x failed Node "b" has not answered within 5000 ms: asked whether it has room');
    sent.length = 0;
    requests.linkUp('b');
    requests.answered('b', 1, 'late');
    expect({ sent, ends: ends.length, open: requests.size, timers: clock.pending }).to.deep.equal({
      sent: [],
      ends: 2,
      open: 0,
      timers: 0,
    });
  });

  it('go on as long as their answer makes progress', () => {
    const { clock, requests, ends, ask } = open();
    let bytes = 0;
    ask('b', 'x', { withinMs: 100, silenceMs: 1000, progress: () => bytes, what: 'for a value' });
    bytes = 1;
    clock.advance(100);
    for (let time = 0; time < 10; time += 1) {
      bytes += 1;
      clock.advance(1000);
    }
    expect(ends).to.deep.equal([]);
    clock.advance(1000);
    expect(ends).to.deep.equal(['x failed Node "b" has not answered within 1000 ms: asked for a value']);
    ask('b', 'y', { withinMs: 100, silenceMs: 1000, progress: () => bytes, what: 'for a value' });
    clock.advance(100);
    expect(ends).to.have.length(2);
    expect(requests.size).to.equal(0);
  });

  it('leave no timer behind, however they end', () => {
    const { clock, requests, ask } = open();
    const giveUp = ask('b', 'given up');
    ask('c', 'gone');
    ask('d', 'closed');
    ask('d', 'without a limit', { withinMs: Number.POSITIVE_INFINITY, what: 'for ever' });
    giveUp();
    requests.gone('c', new Error('lost'));
    requests.close(new Error('stopped'));
    ask('b', 'too late');
    expect(clock.pending).to.equal(0);
  });
});
