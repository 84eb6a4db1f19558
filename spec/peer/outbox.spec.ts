import { expect } from 'chai';
import { decodeFrame, encodeMessage } from '../../lib/peer/codec.js';
import { Outbox } from '../../lib/peer/outbox.js';
import type { Socket } from '../../lib/peer/transport.js';
import { testClock } from '../support/test-clock.js';

/** An outbox whose turns are the caller's, and what it has sent. */
function outbox(): { readonly out: Outbox; readonly frames: Uint8Array[]; readonly turn: () => void; stalled: number } {
  const frames: Uint8Array[] = [];
  const turns: (() => void)[] = [];
  const world = { frames, turn: () => turns.shift()?.(), stalled: 0 };
  const socket: Socket = {
    get bufferedBytes(): number {
      return frames.reduce((sum, frame) => sum + frame.length, 0);
    },
    receivedBytes: 0,
    exporter: undefined,
    attach: () => {},
    send: (parts) => void frames.push(Buffer.concat(parts)),
    admit: () => {},
    close: () => {},
  };
  const out = new Outbox({ socket, clock: testClock(), defer: (action) => turns.push(action), stalled: () => (world.stalled += 1) });
  return Object.assign(world, { out });
}

const bytes = (frames: readonly Uint8Array[]): number => frames.reduce((sum, frame) => sum + frame.length, 0);

describe('an outbox', () => {
  it('puts few messages off to the turn, and sends many at once, 16 KiB at a time', () => {
    const world = outbox();
    const texts = Array.from({ length: 400 }, (_, at) => `${at}`.padEnd(200, '.'));
    for (const text of texts.slice(0, 10)) world.out.push(encodeMessage({ type: 'answer', id: 0, value: text, error: null }));
    expect(world.frames).to.deep.equal([]);
    for (const text of texts.slice(10)) world.out.push(encodeMessage({ type: 'answer', id: 0, value: text, error: null }));
    const before = world.frames.length;
    expect(before).to.be.within(4, 6);
    for (const frame of world.frames) expect(frame.length).to.be.within(15 * 1024, 17 * 1024);
    world.turn();
    expect(world.frames.length).to.equal(before + 1);
    const heard = world.frames.map((frame) => decodeFrame([frame])).flatMap((frame) => (frame.type === 'messages' ? frame.messages : []));
    expect(heard.map((message) => (message.type === 'answer' ? message.value : message.type))).to.deep.equal(texts);
  });

  it('tells of a peer that takes nothing with the turn, not amid those who send', () => {
    const world = outbox();
    const message = encodeMessage({ type: 'answer', id: 0, value: 'x'.repeat(1024 * 1024), error: null });
    while (bytes(world.frames) <= 64 * 1024 * 1024) world.out.push(message);
    expect(world.stalled).to.equal(0);
    world.turn();
    expect(world.stalled).to.equal(1);
  });
});
