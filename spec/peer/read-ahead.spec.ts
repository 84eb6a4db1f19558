import { expect } from 'chai';
import { Unreadable } from '../../lib/peer/index.js';
import { decodeFrame } from '../../lib/peer/protocol/codec.js';
import { lengthOf } from '../../lib/peer/transport.js';
import { caught } from '../support/caught.js';
import { FakeAway } from '../support/fake-away.js';
import { outboxWorld } from './outbox-world.js';

const MIB = 1024 * 1024;

/** The most that is read ahead of what was sent, and of what one value has. */
const AHEAD_BYTES = 9 * MIB;
const AHEAD_OF_ONE_BYTES = 5 * MIB;

function patterned(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 12)) & 0xff;
  return bytes;
}

type World = ReturnType<typeof outboxWorld>;
/** What was sent of a value; -1 for the end of one that is taken back. */
type Chunk = readonly [id: number, bytes: readonly Uint8Array[] | -1];

const decoded = new WeakMap<World, { readonly chunks: Chunk[]; frames: number }>();

/** What was sent of values so far. */
function chunksOf(world: World): readonly Chunk[] {
  const known = decoded.get(world) ?? { chunks: [], frames: 0 };
  decoded.set(world, known);
  for (; known.frames < world.frames.length; known.frames += 1) {
    const chunk = decodeFrame([world.frames[known.frames]!]);
    if (chunk.type === 'chunk') known.chunks.push([chunk.transferId, chunk.sizeBytes === -1 ? -1 : chunk.parts]);
  }
  return known.chunks;
}

/** Lets readers give what they can, and one turn happen. */
async function step(world: World, isTaken = true): Promise<void> {
  await new Promise(setImmediate);
  world.turn();
  world.clock.advance(1);
  if (isTaken) world.out.received(chunksOf(world).length);
}

/** Goes on until nothing more is sent. */
async function finish(world: World): Promise<void> {
  for (let idle = 0; idle < 5; ) {
    const before = world.frames.length;
    await step(world);
    idle = world.frames.length === before ? idle + 1 : 0;
  }
}

const sentOf = (world: World, id: number): Buffer =>
  Buffer.concat(chunksOf(world).flatMap(([of, bytes]) => (of === id && bytes !== -1 ? bytes : [])));

describe('a value that is not in memory', () => {
  for (const [size, mostBytes] of [
    [1, MIB],
    [64 * 1024, MIB],
    [MIB + 1, MIB],
    [5 * MIB, 100_000],
    [9 * MIB, MIB],
  ] as const) {
    it(`is sent whole and in order: ${size} bytes, of which a read gives ${mostBytes}`, async () => {
      const world = outboxWorld();
      const bytes = patterned(size);
      const away = new FakeAway(bytes, { mostBytes });
      const sent = world.out.sendValue(7, away);
      await finish(world);
      await sent;
      expect(Buffer.compare(sentOf(world, 7), bytes)).to.equal(0);
      expect([away.opened, away.open, away.whole]).to.deep.equal([1, 0, 0]);
    });
  }

  it('is sent without a read if it is empty', async () => {
    const world = outboxWorld();
    const away = new FakeAway(new Uint8Array(0));
    const sent = world.out.sendValue(7, away);
    await finish(world);
    await sent;
    expect([chunksOf(world).length, away.opened]).to.deep.equal([1, 0]);
  });

  it('is read a bounded amount ahead of a peer that takes nothing', async () => {
    const world = outboxWorld();
    const away = new FakeAway(new Uint8Array(100 * MIB));
    const sending = caught(world.out.sendValue(1, away));
    // The peer takes it well at first, so that pieces are as long as they get.
    for (let turn = 0; turn < 15; turn += 1) await step(world);
    for (let turn = 0; turn < 40; turn += 1) await step(world, false);
    expect(away.readBytes - sentOf(world, 1).length).to.be.within(MIB, AHEAD_OF_ONE_BYTES);
    expect(away.readBytes).to.be.below(100 * MIB);
    world.out.fail(new Error('over'));
    await sending;
  });

  it('holds up no other while its disk is slow', async () => {
    const world = outboxWorld();
    const slow = new FakeAway(patterned(3 * MIB), { isGated: true });
    const quick = new FakeAway(patterned(3 * MIB));
    const sent = [world.out.sendValue(1, slow), world.out.sendValue(2, quick), world.out.sendValue(3, [patterned(2 * MIB)])];
    await finish(world);
    await Promise.all(sent.slice(1));
    expect(sentOf(world, 1).length).to.equal(0);
    slow.release();
    await finish(world);
    await sent[0];
    expect(Buffer.compare(sentOf(world, 1), patterned(3 * MIB))).to.equal(0);
  });

  it('takes turns with twenty others, all of them together in bounded memory', async () => {
    const world = outboxWorld();
    const values = Array.from({ length: 21 }, () => new FakeAway(new Uint8Array(3 * MIB)));
    const sent = values.map((away, id) => world.out.sendValue(id, away));
    let most = 0;
    let mostOpen = 0;
    for (let idle = 0; idle < 5; ) {
      const before = world.frames.length;
      await step(world);
      idle = world.frames.length === before ? idle + 1 : 0;
      const sentBytes = chunksOf(world).reduce((sum, [, bytes]) => sum + (bytes === -1 ? 0 : lengthOf(bytes)), 0);
      most = Math.max(most, values.reduce((sum, { readBytes }) => sum + readBytes, 0) - sentBytes);
      mostOpen = Math.max(mostOpen, values.filter(({ open }) => open > 0).length);
    }
    await Promise.all(sent);
    expect(most).to.be.below(AHEAD_BYTES);
    expect(mostOpen).to.equal(16);
    const order = chunksOf(world).map(([id]) => id);
    const lastOfFirst = order.lastIndexOf(order[0]!);
    expect(new Set(order.slice(0, lastOfFirst)).size, 'when the first one is whole').to.be.at.least(16);
  });

  it('is sent to its end before others get a turn once little of it is left', async () => {
    const world = outboxWorld();
    const sent = [1, 2, 3].map((id) => world.out.sendValue(id, new FakeAway(patterned(MIB))));
    await finish(world);
    await Promise.all(sent);
    const order = chunksOf(world).map(([id]) => id);
    expect(order.length).to.be.above(6);
    expect(order).to.deep.equal([...order].sort((one, other) => one - other));
  });

  for (const [where, failsFrom, isBegun] of [
    ['first', 0, false],
    ['a middle', 3 * MIB, true],
    ['the last', 5 * MIB - 1, true],
  ] as const) {
    it(`fails if ${where} piece cannot be read; the peer is told, in the turn after the messages that say why`, async () => {
      const world = outboxWorld();
      const away = new FakeAway(patterned(5 * MIB), { failsFrom });
      const failed = caught(world.out.sendValue(4, away)).then((error) => {
        world.out.push(new Uint8Array([1, 2, 3]));
        return error;
      });
      const other = world.out.sendValue(5, new FakeAway(patterned(2 * MIB)));
      await finish(world);
      const error = await failed;
      await other;
      expect(error).to.be.instanceOf(Unreadable);
      expect(error.message).to.equal('the disk is damaged');
      expect(away.open).to.equal(0);
      expect(sentOf(world, 5).length).to.equal(2 * MIB);
      const ends = chunksOf(world).filter(([, bytes]) => bytes === -1);
      expect(ends).to.deep.equal(isBegun ? [[4, -1]] : []);
      if (!isBegun) return;
      const frames = world.frames.map((frame) => {
        const decoded = decodeFrame([frame]);
        return decoded.type === 'chunk' && decoded.sizeBytes === -1 ? 'end' : decoded.type;
      });
      expect(frames.indexOf('end')).to.be.above(frames.findIndex((type) => type !== 'chunk' && type !== 'end'));
    });
  }

  for (const [what, piece] of [
    ['nothing', new Uint8Array(0)],
    ['more than was asked for', new Uint8Array(2 * MIB)],
  ] as const) {
    it(`fails if its reader gives ${what}`, async () => {
      const world = outboxWorld();
      const away = new FakeAway(new Uint8Array(3 * MIB));
      away.reader = () => ({ read: async () => piece, close: () => {} });
      const failed = caught(world.out.sendValue(1, away));
      await finish(world);
      expect((await failed).message).to.match(/^Cannot read on/);
    });
  }

  it('fails if it cannot be opened', async () => {
    const world = outboxWorld();
    const away = new FakeAway(new Uint8Array(3 * MIB));
    away.reader = () => {
      throw new Error('no such file');
    };
    const failed = caught(world.out.sendValue(1, away));
    await finish(world);
    expect((await failed).message).to.equal('no such file');
  });

  it('is closed if the peer refuses it, and makes room for others, whatever its disk does', async () => {
    const world = outboxWorld();
    const refused = new FakeAway(new Uint8Array(50 * MIB));
    const failed = caught(world.out.sendValue(1, refused));
    for (let turn = 0; turn < 10; turn += 1) await step(world);
    refused.isGated = true;
    for (let turn = 0; turn < 10; turn += 1) await step(world);
    world.out.refused(1);
    expect((await failed).message).to.match(/no room/);
    expect(refused.open).to.equal(0);
    const other = world.out.sendValue(2, new FakeAway(patterned(9 * MIB)));
    await finish(world);
    await other;
    expect(sentOf(world, 2).length).to.equal(9 * MIB);
    refused.release();
    await finish(world);
    expect(chunksOf(world).filter(([, bytes]) => bytes === -1)).to.deep.equal([[1, -1]]);
  });

  it('is closed if the link fails, and nothing more of any is opened or read', async () => {
    const world = outboxWorld();
    const values = Array.from({ length: 40 }, () => new FakeAway(new Uint8Array(10 * MIB)));
    const failed = values.map((away, id) => caught(world.out.sendValue(id, away)));
    for (let turn = 0; turn < 10; turn += 1) await step(world);
    const opened = values.filter((away) => away.opened > 0).length;
    world.out.fail(new Error('the link is over'));
    for (const one of failed) expect((await one).message).to.equal('the link is over');
    await finish(world);
    expect(values.filter(({ open }) => open > 0)).to.deep.equal([]);
    expect(values.filter((away) => away.opened > 0).length).to.equal(opened);
    const late = new FakeAway(new Uint8Array(10));
    expect((await caught(world.out.sendValue(99, late))).message).to.equal('the link is over');
    expect(late.opened).to.equal(0);
  });
});
