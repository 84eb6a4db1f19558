import { expect } from 'chai';
import * as wsModule from 'ws';
import { LongFrames } from '../../lib/peer/transports/long-frames.js';

const { Receiver } = wsModule as unknown as { Receiver: new (options: object) => NodeJS.WritableStream };

const FIN = 0x80;
const [CONTINUATION, TEXT, BINARY, PING] = [0, 1, 2, 9];
const KIB = 1024;

/** Bytes that show when any of them is out of place. */
const patterned = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 12)) & 0xff));

function frame(first: number, payload: Buffer, mask?: readonly number[]): Buffer {
  const { length } = payload;
  const masked = mask ? 0x80 : 0;
  const head = Buffer.from([first, masked | (length < 126 ? length : length < 65_536 ? 126 : 127)]);
  const size = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
  if (size.length === 2) size.writeUInt16BE(length);
  else if (size.length === 8) size.writeBigUInt64BE(BigInt(length));
  const sent = mask ? payload.map((byte, at) => byte ^ mask[at % 4]!) : payload;
  return Buffer.concat([head, size, Buffer.from(mask ?? []), sent]);
}

/** Long frames before a receiver of ws, and what comes of both: each message in its parts. */
function open(isServer: boolean) {
  const frames = new LongFrames(isServer);
  frames.isOpen = true;
  const receiver = new Receiver({ isServer, binaryType: 'fragments', maxPayload: 4 * KIB * KIB });
  const messages: (readonly Uint8Array[])[] = [];
  const faults: string[] = [];
  const passed: Buffer[] = [];
  receiver.on('message', (data: Buffer[] | Buffer) => messages.push(frames.whole(Buffer.isBuffer(data) ? [data] : data)));
  receiver.on('error', (error: Error) => faults.push(error.message));
  let response = isServer ? 0 : RESPONSE.length;
  frames.pass = (bytes) => {
    passed.push(bytes!);
    receiver.write(bytes!.subarray(response));
    response = Math.max(0, response - bytes!.length);
    return true;
  };
  const whole = (): Buffer[] => messages.map((parts) => Buffer.concat(parts));
  return { frames, messages, whole, faults, passed };
}

const RESPONSE = Buffer.from('HTTP/1.1 101 x\r\nA: b\r\n\r\n');

describe('long frames', () => {
  const long = patterned(70 * KIB);
  const sent = (mask?: readonly number[]): Buffer =>
    Buffer.concat([
      ...(mask ? [] : [RESPONSE]),
      frame(FIN | BINARY, patterned(5), mask),
      frame(FIN | BINARY, long, mask),
      frame(BINARY, patterned(40), mask),
      frame(FIN | PING, patterned(3), mask),
      frame(FIN | CONTINUATION, long, mask),
      frame(BINARY, long, mask),
      frame(FIN | CONTINUATION, patterned(1), mask),
      frame(FIN | TEXT, Buffer.from('text'), mask),
      frame(FIN | BINARY, patterned(33 * KIB), mask),
      frame(FIN | BINARY, patterned(126), mask),
    ]);
  const expected = [
    patterned(5),
    long,
    Buffer.concat([patterned(40), long]),
    Buffer.concat([long, patterned(1)]),
    Buffer.from('text'),
    patterned(33 * KIB),
    patterned(126),
  ];
  const same = (all: readonly Buffer[]): boolean[] => all.map((one, at) => Buffer.compare(one, expected[at]!) === 0);
  const allSame = expected.map(() => true);

  for (const [who, mask] of [
    ['a client', undefined],
    ['a server', [1, 2, 3, 4]],
  ] as const) {
    const stream = sent(mask);

    it(`reach ${who} as they were, among others, wherever what came was cut`, () => {
      for (const cut of [5, 13, 1000, 64 * KIB, stream.length]) {
        const { frames, whole, faults } = open(mask !== undefined);
        for (let at = 0; at < stream.length; at += cut) frames.read(stream.subarray(at, at + cut));
        expect([same(whole()), faults], `${cut}`).to.deep.equal([allSame, []]);
      }
    });

    it(`reach ${who} where they are read into the memory that it names`, () => {
      for (const cut of [5, 1000, Number.POSITIVE_INFINITY]) {
        const { frames, whole, messages, passed } = open(mask !== undefined);
        for (let at = 0; at < stream.length; ) {
          const { room } = frames;
          const count = Math.min(room.length, cut, stream.length - at);
          room.set(stream.subarray(at, at + count));
          at += count;
          frames.came(count, room);
          if (room.buffer.byteLength === 64 * KIB) room.fill(0);
        }
        expect(same(whole()), `${cut}`).to.deep.equal(allSame);
        const taken = messages[1]![0]!;
        expect([messages[1]!.length, taken.buffer.byteLength], 'in memory of its own').to.deep.equal([1, long.length]);
        expect(Math.max(...passed.map(({ length }) => length)), 'ws saw little').to.be.below(66 * KIB);
      }
    });
  }

  it('are read bit by bit, so that others have their turn', () => {
    const { frames, whole } = open(true);
    const payload = patterned(1000 * KIB);
    const stream = frame(FIN | BINARY, payload, [0, 0, 0, 0]);
    for (let at = 0; at < stream.length; ) {
      const { room } = frames;
      expect(room.length).to.be.at.most(128 * KIB);
      const count = Math.min(room.length, stream.length - at);
      room.set(stream.subarray(at, at + count));
      at += count;
      frames.came(count, room);
    }
    expect(Buffer.compare(whole()[0]!, payload)).to.equal(0);
  });

  it('are left to ws before the peer is admitted', () => {
    const { frames, whole, passed } = open(true);
    frames.isOpen = false;
    const stream = sent([0, 0, 0, 0]);
    frames.read(stream);
    expect(same(whole())).to.deep.equal(allSame);
    expect(Buffer.compare(Buffer.concat(passed), stream)).to.equal(0);
  });

  it('that are too long, not masked as they should be, or of no kind are for ws to judge', async () => {
    const tooLong = frame(FIN | BINARY, Buffer.alloc(0), [0, 0, 0, 0]);
    for (const [stream, fault] of [
      [Buffer.concat([tooLong.subarray(0, 1), Buffer.of(0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0)]), /Max payload size exceeded/],
      [Buffer.concat([tooLong.subarray(0, 1), Buffer.of(0xff), Buffer.alloc(8, 0xff), Buffer.alloc(4)]), /payload length > 2\^53/],
      [frame(FIN | BINARY, long), /MASK must be set/],
      [frame(FIN | CONTINUATION, long, [0, 0, 0, 0]), /invalid opcode 0/],
      [frame(FIN | 0x70 | BINARY, long, [0, 0, 0, 0]), /RSV/],
      [frame(FIN | 3, long, [0, 0, 0, 0]), /invalid opcode 3/],
    ] as const) {
      const { frames, faults, messages } = open(true);
      frames.read(stream);
      await new Promise(setImmediate);
      expect(faults.join()).to.match(fault);
      expect(messages).to.deep.equal([]);
    }
  });
});
