import { expect } from 'chai';
import { caught } from '../support/caught.js';
import { numbered, numbersOf, PeerWorld } from './world.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes that show when any of them is out of place. */
function patterned(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 12)) & 0xff;
  return bytes;
}

describe('values between peers', () => {
  let world: PeerWorld;
  beforeEach(() => {
    world = new PeerWorld();
  });

  it('arrive whole, whatever their size, before the sender hears of it', async () => {
    const { a, b } = await world.pair();
    for (const [at, size] of [0, 1, 16 * KIB - 1, 16 * KIB, 512 * KIB, 512 * KIB + 1, 5 * MIB].entries()) {
      const bytes = patterned(size);
      const sent = a.table.sendValue('b', at, [bytes]);
      world.run();
      const { from, transferId, value } = b.heard.values.at(-1)!;
      expect([from, transferId]).to.deep.equal(['a', at]);
      expect(Buffer.compare(value as Uint8Array, bytes), `${size}`).to.equal(0);
      await sent;
    }
  });

  it('come in the pieces in which they were sent or cut, and small ones keep nothing else alive', async () => {
    const { a, b } = await world.pair();
    const parts = [patterned(16), patterned(700 * KIB), patterned(5)];
    const sent = [a.table.sendValue('b', 1, parts), a.table.sendValue('b', 2, [patterned(10)])];
    world.run();
    await Promise.all(sent);
    const whole = b.heard.values.find(({ transferId }) => transferId === 1)!.value as Uint8Array;
    expect(Buffer.compare(whole, Buffer.concat(parts))).to.equal(0);
  });

  it('of several chunks are put together in the memory that whoever waits for them gives, if any', async () => {
    const { a, b } = await world.pair();
    const asked: unknown[] = [];
    const memory = [new Uint8Array(16), new Uint8Array(3 * MIB), new Uint8Array(2 * MIB - 16)];
    b.heard.memoryFor = (from, transferId, sizeBytes, begin) => {
      asked.push([from, transferId, sizeBytes, begin![0]]);
      return transferId === 2 ? memory : undefined;
    };
    const bytes = patterned(5 * MIB);
    const sent = [1, 2, 3].map((id) =>
      a.table.sendValue('b', id, id === 1 ? [patterned(8 * KIB)] : [bytes.subarray(0, 9), bytes.subarray(9)]),
    );
    world.run();
    await Promise.all(sent);
    expect(asked, 'one that comes in one chunk needs none').to.deep.equal([
      ['a', 2, 5 * MIB, bytes[0]],
      ['a', 3, 5 * MIB, bytes[0]],
    ]);
    expect(Buffer.compare(Buffer.concat(memory), bytes)).to.equal(0);
    for (const { transferId, value } of b.heard.values) {
      expect(Buffer.compare(value as Uint8Array, transferId === 1 ? patterned(8 * KIB) : bytes)).to.equal(0);
    }
  });

  it('are refused where there is no memory for them, and give back their room', async () => {
    const { a, b } = await world.pair({ maxIncomingBytes: 16 * MIB });
    b.heard.memoryFor = () => {
      throw new RangeError('Array buffer allocation failed');
    };
    for (const id of [1, 2]) {
      const refused = caught(a.table.sendValue('b', id, [new Uint8Array(9 * MIB)]));
      world.run();
      expect((await refused).message).to.match(/no room/);
    }
    b.heard.memoryFor = () => undefined;
    const sent = a.table.sendValue('b', 3, [new Uint8Array(9 * MIB)]);
    world.run();
    await sent;
    expect(b.heard.links).to.deep.equal(['up a a1']);
  });

  it('are acknowledged once for all that came within a turn', async () => {
    const { a } = await world.pair();
    world.frames.length = 0;
    const sent = [1, 2, 3].map((id) => a.table.sendValue('b', id, [patterned(10)]));
    world.run();
    await Promise.all(sent);
    expect(world.frames.filter((frame) => frame.startsWith('b: '))).to.deep.equal(['b: received 3']);
  });

  it('share the link: a small one is not behind a large one', async () => {
    const { a, b } = await world.pair();
    const sent = [a.table.sendValue('b', 1, [patterned(20 * MIB)]), a.table.sendValue('b', 2, [patterned(MIB)])];
    world.run();
    await Promise.all(sent);
    expect(b.heard.values.map(({ transferId }) => transferId)).to.deep.equal([2, 1]);
  });

  it('do not hold up messages: on 100 MB/s a message takes less than 100 ms beside 200 MiB', async () => {
    const { a, b } = await world.pair();
    world.network.set('a', 'b', { bytesPerSecond: 100_000_000, delayMs: 1 });
    const sent = a.table.sendValue('b', 1, [new Uint8Array(200 * MIB)]);
    const delays: number[] = [];
    for (let at = 0; b.heard.values.length === 0; at++) {
      a.table.send('b', numbered(at));
      const startMs = world.clock.now();
      while (numbersOf(b.heard).length <= at) {
        world.clock.advance(1);
        world.run();
      }
      delays.push(world.clock.now() - startMs);
      b.heard.told.length = 0;
      b.heard.told.push(...Array.from({ length: at + 1 }, (_, id) => ({ from: 'a', message: numbered(id) })));
    }
    // The word that the last of it is there is still under way.
    for (let turn = 0; turn < 5; turn += 1) {
      world.clock.advance(1);
      world.run();
    }
    await sent;
    expect(delays.length).to.be.above(20);
    expect(Math.max(...delays)).to.be.below(100);
  });

  it('keep little under way: the sender hands over no more than the window, however large they are', async () => {
    const { a, b } = await world.pair();
    world.network.set('a', 'b', { stall: true });
    const sending = caught(a.table.sendValue('b', 1, [new Uint8Array(100 * MIB)]));
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    for (let turn = 0; turn < 100; turn++) world.turn();
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    expect(most).to.be.below(16 * MIB);
    world.network.reset('a', 'b');
    await sending;
    expect(b.heard.values).to.deep.equal([]);
  });

  it('fail with their link, at once, all of them', async () => {
    const { a, b } = await world.pair();
    const failed = [1, 2, 3].map((id) => caught(a.table.sendValue('b', id, [patterned(8 * MIB)])));
    for (let turn = 0; turn < 5; turn++) world.turn();
    world.network.reset('a', 'b');
    for (const one of failed) expect((await one).message).to.match(/^The link to "b" is closed: connection reset/);
    expect((await caught(a.table.sendValue('b', 4, [patterned(1)]))).message).to.match(/no link/);
    world.run();
    expect(b.heard.values).to.deep.equal([]);
  });

  it('are refused when they would be more than the receiver has room for; the link and the others go on', async () => {
    const { a, b } = await world.pair({ maxIncomingBytes: 16 * MIB });
    const large = caught(a.table.sendValue('b', 1, [new Uint8Array(40 * MIB)]));
    const small = a.table.sendValue('b', 2, [patterned(9 * MIB)]);
    world.run();
    expect((await large).message).to.match(/no room/);
    await small;
    expect(b.heard.values.map(({ transferId, value }) => [transferId, value instanceof Error])).to.deep.equal([
      [1, true],
      [2, false],
    ]);
    const again = a.table.sendValue('b', 3, [patterned(10 * MIB)]);
    world.run();
    await again;
    expect(b.heard.values.length).to.equal(3);
    expect(b.heard.links).to.deep.equal(['up a a1']);
  });

  it('give back their room when the link ends in their midst', async () => {
    const { a, b, url } = await world.pair({ maxIncomingBytes: 16 * MIB });
    b.table.keep('a', url);
    for (let round = 0; round < 5; round++) {
      const failed = caught(a.table.sendValue('b', 1, [new Uint8Array(9 * MIB)]));
      for (let turn = 0; turn < 6; turn++) world.turn();
      world.network.reset('a', 'b');
      await failed;
      world.advance(100);
    }
    const sent = a.table.sendValue('b', 2, [patterned(10 * MIB)]);
    world.run();
    await sent;
  });

  it('can be passed on as they came', async () => {
    const { a, b } = await world.pair();
    const bytes = patterned(2 * MIB);
    const there = a.table.sendValue('b', 1, [bytes]);
    world.run();
    await there;
    const back = b.table.sendValue('a', 1, [b.heard.values[0]!.value as Uint8Array]);
    world.run();
    await back;
    expect(Buffer.compare(a.heard.values[0]!.value as Uint8Array, bytes)).to.equal(0);
  });
});
