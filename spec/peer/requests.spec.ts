import { expect } from 'chai';
import { Requests, type WireMessage } from '../../lib/peer/index.js';

/** Requests over a wire that writes down what was sent. */
function open() {
  const sent: string[] = [];
  const ends: string[] = [];
  const requests = new Requests((to, message) => {
    sent.push(`${(message as { id: number }).id} to ${to}`);
    return false;
  });
  const ask = (to: string, name: string): (() => void) =>
    requests.request<string>(to, (id): WireMessage => ({ type: 'ask', id, question: { kind: 'check-room', required: [] } }), {
      answered: (value) => void ends.push(`${name} answered ${value}`),
      failed: (error) => void ends.push(`${name} failed ${error.message}`),
    });
  return { requests, sent, ends, ask };
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
    void requests.request('b', (id): WireMessage => ({ type: 'fetch-value', id, value: { kind: 'offered', offer: 1 } }), {
      answered: again,
      failed: again,
    });
    requests.gone('b', new Error('lost'));
    requests.answered('b', 2, 'yes');
    expect(ends).to.deep.equal(['again answered yes']);
  });

  it('are promises too', async () => {
    const { requests } = open();
    const make = (id: number): WireMessage => ({ type: 'fetch-value', id, value: { kind: 'offered', offer: 1 } });
    const [yes, no] = [requests.ask<string>('b', make), requests.ask<string>('b', make)];
    requests.answered('b', 1, 'value');
    requests.failed('b', 2, new Error('boom'));
    expect(await yes).to.equal('value');
    expect(await no.catch((error: Error) => error.message)).to.equal('boom');
  });
});
