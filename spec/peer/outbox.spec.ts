import { expect } from 'chai';
import { COUNTED_FRAME_BYTES, decodeFrame, decodePieces, encodeMessage } from '../../lib/peer/protocol/codec.js';
import { lengthOf } from '../../lib/peer/transport.js';
import { outboxWorld } from './outbox-world.js';

describe('an outbox', () => {
  it('puts few messages off to the turn, and sends many at once, 16 KiB at a time', () => {
    const world = outboxWorld();
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

  it('lets what nobody waits for rest for some turns, unless something else takes it along', () => {
    const world = outboxWorld();
    const message = (value: string) => encodeMessage({ type: 'answer', id: 0, value, error: null });
    const heard = (frame: Uint8Array): unknown[] => {
      const decoded = decodeFrame([frame]);
      return decoded.type === 'messages' ? decoded.messages.map((one) => (one.type === 'answer' ? one.value : one.type)) : [];
    };
    world.out.push(message('resting'), 'turns');
    world.out.flushDue();
    world.turn();
    world.turn();
    expect(world.frames).to.deep.equal([]);
    world.out.push(message('also resting'), 'turns');
    world.out.push(message('due'));
    world.out.flushDue();
    expect(world.frames.map(heard)).to.deep.equal([['resting', 'also resting', 'due']]);
    for (let turns = 0; turns < 10; turns += 1) world.turn();
    expect(world.frames).to.have.lengthOf(1);
    world.out.push(message('alone'), 'turns');
    for (let turns = 0; turns < 10; turns += 1) world.turn();
    expect(world.frames.map(heard)).to.deep.equal([['resting', 'also resting', 'due'], ['alone']]);
  });

  it('lets what its receiver has time for rest for a millisecond, unless something else takes it along', () => {
    const world = outboxWorld();
    const message = (value: string) => encodeMessage({ type: 'answer', id: 0, value, error: null });
    for (const value of ['one', 'two']) world.out.push(message(value), 'time');
    for (let turns = 0; turns < 10; turns += 1) world.turn();
    expect(world.frames).to.have.lengthOf(0);
    world.clock.advance(1);
    world.turn();
    expect(world.frames).to.have.lengthOf(1);
    world.out.push(message('three'), 'time');
    world.out.push(message('due'));
    world.turn();
    expect(world.frames).to.have.lengthOf(2);
    world.clock.advance(10);
    world.turn();
    expect(world.frames).to.have.lengthOf(2);
    world.out.push(message('never'), 'time');
    world.out.fail(new Error('the link is over'));
    expect(world.clock.pending).to.equal(0);
  });

  it('sends a long message in pieces, no more of it than the window lets, and what was pushed after it behind it', () => {
    const world = outboxWorld();
    const long = 'x'.repeat(1_000_000);
    for (const value of ['before', long, 'after']) world.out.push(encodeMessage({ type: 'answer', id: 0, value, error: null }));
    world.turn();
    expect(lengthOf(world.frames)).to.be.below(130_000);
    const heard: unknown[] = [];
    let pieces: Uint8Array[] = [];
    for (let chunks = 0, at = 0; at < world.frames.length; at += 1) {
      const frame = decodeFrame([world.frames[at]!]);
      if (frame.type === 'messages') heard.push(...frame.messages);
      if (frame.type === 'messages' && world.frames[at]!.length < COUNTED_FRAME_BYTES) continue;
      if (frame.type === 'piece') {
        pieces.push(...frame.parts);
        const whole = frame.isLast ? decodePieces(pieces) : undefined;
        if (whole?.type === 'messages') heard.push(...whole.messages);
        if (whole) pieces = [];
      }
      chunks += 1;
      expect(world.out.received(chunks)).to.equal(true);
      world.turn();
    }
    expect(heard.map((one) => (one as { value: unknown }).value)).to.deep.equal(['before', long, 'after']);
    expect(world.out.waitingBytes).to.equal(0);
  });

  it('keeps back what a peer has not taken, and sends it when it does', () => {
    const world = outboxWorld();
    const message = encodeMessage({ type: 'answer', id: 0, value: 'x'.repeat(20_000), error: null });
    for (let at = 0; at < 100; at += 1) world.out.push(message);
    world.turn();
    const before = world.frames.length;
    expect(before).to.be.below(6);
    expect(world.out.waitingBytes).to.equal((100 - before) * message.length);
    world.out.received(2);
    world.turn();
    expect(world.frames.length).to.be.above(before);
  });

  it('sends all when it is the last, whatever the peer has taken', () => {
    const world = outboxWorld();
    for (const value of ['x'.repeat(500_000), 'y'.repeat(50_000), 'z']) {
      world.out.push(encodeMessage({ type: 'answer', id: 0, value, error: null }));
    }
    world.out.flush(true);
    expect(lengthOf(world.frames)).to.be.above(550_000);
    expect(world.out.waitingBytes).to.equal(0);
  });

  it('gives up a peer that has taken nothing for 5 s of more than 64 MiB, not one that takes a little', () => {
    const world = outboxWorld();
    const message = encodeMessage({ type: 'answer', id: 0, value: 'x'.repeat(1024 * 1024), error: null });
    const push = (): void => {
      world.out.push(message);
      world.turn();
    };
    for (let at = 0; at < 66; at += 1) push();
    world.clock.advance(4999);
    push();
    expect(world.stalled).to.equal(0);
    world.taken += 100;
    push();
    world.clock.advance(4999);
    push();
    expect(world.stalled).to.equal(0);
    world.clock.advance(1);
    push();
    expect(world.stalled).to.equal(1);
  });

  it('sends values of a mebibyte one after the other, so that some are whole before a link breaks; longer ones take turns', () => {
    const orderOf = (sizeBytes: number): number[] => {
      const world = outboxWorld();
      for (const id of [1, 2, 3]) world.out.sendValue(id, [new Uint8Array(sizeBytes)]).catch(() => {});
      for (let seen = -1; seen < world.frames.length; ) {
        seen = world.frames.length;
        world.turn();
        world.clock.advance(1);
        world.out.received(world.frames.length);
      }
      return world.frames.flatMap((frame) => {
        const decoded = decodeFrame([frame]);
        return decoded.type === 'chunk' ? [decoded.transferId] : [];
      });
    };
    const order = orderOf(1024 * 1024);
    expect(order.length).to.be.above(6);
    expect(order).to.deep.equal([...order].sort((one, other) => one - other));
    expect(new Set(orderOf(3 * 1024 * 1024).slice(0, 3))).to.deep.equal(new Set([1, 2, 3]));
  });
});
