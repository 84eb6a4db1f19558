import { expect } from 'chai';
import fc from 'fast-check';
import { type ServerSentEvent, SseText } from '../../../lib/observe/page/data/sse-text.js';

const TEXT =
  ': hello\n\nevent: data\ndata: {"a":1}\n\nevent: gone\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\n\nevent: nothing\n\nid: 7\ndata: ü\n\n';
const EVENTS: readonly ServerSentEvent[] = [
  { event: 'data', data: '{"a":1}' },
  { event: 'gone', data: 'one\ntwo' },
  { event: 'message', data: 'bare' },
  { event: 'message', data: 'ü' },
];

describe('the text of server-sent events', () => {
  it('is read whole, comments and events without data left out', () => {
    expect(new SseText().read(TEXT)).to.deep.equal(EVENTS);
  });

  it('is read the same wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 12 }), (cuts) => {
        const reader = new SseText();
        const at = [0, ...cuts.sort((a, b) => a - b), TEXT.length];
        const events = at.slice(1).flatMap((end, index) => reader.read(TEXT.slice(at[index], end)));
        expect(events).to.deep.equal(EVENTS);
      }),
    );
  });

  it('keeps what is not complete, and refuses what never ends', () => {
    const reader = new SseText();
    expect(reader.read('data: half')).to.deep.equal([]);
    expect(reader.read(' of it\n')).to.deep.equal([]);
    expect(reader.read('\n')).to.deep.equal([{ event: 'message', data: 'half of it' }]);
    expect(() => reader.read('x'.repeat(64 * 1024 * 1024 + 1))).to.throw(RangeError, 'too long');
  });
});
