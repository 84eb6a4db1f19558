import { expect } from 'chai';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import {
  controlFrames,
  type Decoded,
  decodeFrame,
  encodeMessage,
  greetingFrame,
  MAX_MESSAGE_BYTES,
} from '../../lib/peer/protocol/codec.js';
import type { WireMessage } from '../../lib/peer/protocol/messages.js';
import { MAX_FRAME_BYTES } from '../../lib/peer/transport.js';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const control = (...bytes: (number | Uint8Array)[]): Decoded =>
  decodeFrame([Buffer.concat([Buffer.of(1), ...bytes.map((one) => (typeof one === 'number' ? Buffer.of(one) : one))])]);
const decoded = (messages: readonly WireMessage[]): Decoded => decodeFrame(controlFrames(messages.map(encodeMessage)));
const sent = (value: unknown): Decoded => control(packr.pack(value));
const answer = (value: unknown) => ({ type: 'answer', id: 1, value, error: null });

/** The length claims of MessagePack at their largest: str32, bin32, array32, map32, ext32, array16, map16. */
const CLAIMS: Readonly<Record<string, number[]>> = {
  str32: [0xdb, 0xff, 0xff, 0xff, 0xff],
  bin32: [0xc6, 0xff, 0xff, 0xff, 0xff],
  array32: [0xdd, 0x02, 0x00, 0x00, 0x00],
  map32: [0xdf, 0xff, 0xff, 0xff, 0xff],
  ext32: [0xc9, 0xff, 0xff, 0xff, 0xff, 0x62],
  array16: [0xdc, 0xff, 0xff],
  map16: [0xde, 0xff, 0xff],
};

describe('codec', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  const amounts = fc.array(
    fc.tuple(
      text,
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    ),
  );
  const count = fc.nat();
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string({ unit: 'grapheme' }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;
  const message: fc.Arbitrary<WireMessage> = fc.oneof(
    fc.record({
      type: fc.constant('beat' as const),
      seq: count,
      lagMs: count,
      capabilities: amounts,
      used: amounts,
      byDriver: fc.array(fc.tuple(text, amounts)),
      running: count,
      queued: count,
      blocked: count,
      heldBytes: count,
      diskBytes: count,
      memoryLimitBytes: count,
      rememberedBytes: count,
      rememberedResults: count,
      rememberedHits: count,
      limitBytes: count,
      isSpilling: fc.boolean(),
      log: fc.constantFrom('ok' as const, 'lost' as const),
      leaving: fc.boolean(),
    }),
    fc.record({ type: fc.constant('release-values' as const), runId: text, epoch: count, ids: fc.array(text) }),
    fc.record({ type: fc.constant('members' as const), members: fc.array(fc.tuple(text, text, fc.option(text))) }),
    fc.record({
      type: fc.constant('stop-attempt' as const),
      of: fc.tuple(text, text, count, count),
      reason: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      graceMs: count,
    }),
    fc.record({ type: fc.constant('answer' as const), id: count, value: plain, error: fc.constant(null) }),
  );

  it('gives back every message as it was sent, in order', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1 }), (messages) => {
        expect(decoded(messages)).to.deep.equal({ type: 'messages', messages, faults: [] });
      }),
    );
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 }), (parts) => {
        decodeFrame(parts);
      }),
      { numRuns: 2000 },
    );
  });

  it('survives every message cut short or changed in one byte', () => {
    const frame = encodeMessage({ type: 'end-run', runId: 'r', epoch: 1, retainMs: 0, isInterrupted: false });
    for (let at = 1; at < frame.length; at++) {
      decodeFrame([frame.subarray(0, at)]);
      for (let byte = 0; byte < 256; byte++) decodeFrame([Buffer.concat([frame.subarray(0, at), Buffer.of(byte), frame.subarray(at + 1)])]);
    }
  });

  it('joins a frame that came in parts', () => {
    const frame = controlFrames([encodeMessage({ type: 'end-run', runId: 'r', epoch: 1, retainMs: 0, isInterrupted: false })])[0]!;
    const parts = Array.from(frame, (_, at) => frame.subarray(at, at + 1));
    expect(decodeFrame(parts)).to.deep.equal(decodeFrame([frame]));
  });

  it('puts as many messages into a frame as it holds, and keeps their order', () => {
    const messages = Array.from(
      { length: 5 },
      (_, at): WireMessage => ({ type: 'answer', id: at, value: Buffer.alloc(1_500_000), error: null }),
    );
    const frames = controlFrames(messages.map(encodeMessage));
    expect(frames.map((frame) => frame.length <= MAX_FRAME_BYTES)).to.deep.equal([true, true, true]);
    const ids = frames.flatMap((frame) => {
      const one = decodeFrame([frame]);
      return one.type === 'messages' ? one.messages.map((message) => (message.type === 'answer' ? message.id : -1)) : [];
    });
    expect(ids).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('refuses to encode what nobody would take: longer than a message may be, too deep, of too many values, or no plain data', () => {
    const refusals: [unknown, RegExp][] = [
      [Buffer.alloc(MAX_MESSAGE_BYTES), /Cannot send "answer": it has \d+ bytes, a message at most 33554432/],
      [Array(4_194_304).fill(0), /too many values: 4194304 values at most/],
      [Array.from({ length: 40 }).reduce((inner: unknown) => [inner], 0), /too deep/],
      [JSON.parse('{"__proto__": 1}'), /a forbidden key/],
      [new Date(0), /no plain data/],
    ];
    for (const [value, fault] of refusals) expect(() => encodeMessage({ type: 'answer', id: 1, value, error: null })).to.throw(fault);
  });

  it('says of a wrong message whose it is, as far as that can be read', () => {
    const result = control(packr.pack({ type: 'ask', id: 7, question: {} }), packr.pack({ type: 'ask', id: 'x' }), packr.pack({ id: 3 }));
    if (result.type !== 'messages') throw new Error(JSON.stringify(result));
    expect(result.faults.map(({ type, subject: { id, of } }) => [type, id ?? of])).to.deep.equal([
      ['ask', 7],
      ['ask', undefined],
      [undefined, 3],
    ]);
  });

  for (const [name, claim] of Object.entries(CLAIMS)) {
    it(`refuses a length bomb: ${name}, alone and nested, in no memory`, () => {
      const before = process.memoryUsage().rss;
      for (const bomb of [claim, Array.from({ length: 1000 }, () => claim).flat(), [0x91, ...claim], [0x81, 0xa1, 0x61, ...claim]]) {
        expect(control(...bomb).type).to.equal('malformed');
      }
      expect(process.memoryUsage().rss - before).to.be.below(64 * 1024 * 1024);
      expect(decoded([{ type: 'goodbye' }]).type).to.equal('messages');
    });
  }

  it('refuses every extension type, msgpackr its own among them', () => {
    for (const type of [0x42, 0x62, 0x65, 0x69, 0x70, 0x72, 0x73, 0x74, 0x78, 0xff, 0]) {
      expect(control(0xd4, type, 0).type, 'fixext1').to.equal('malformed');
      expect(control(0xc7, 1, type, 0).type, 'ext8').to.equal('malformed');
      expect(control(0xd6, type, 0, 0, 0, 0).type, 'fixext4').to.equal('malformed');
    }
    const cloning = new Packr({ structuredClone: true, moreTypes: true, useRecords: false });
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    for (const value of [new Date(), /(a+)+$/, new Set([1]), new Error('e'), new Float64Array(2), 2n ** 70n, undefined, cyclic]) {
      expect(control(cloning.pack(answer(value))).type, String(value)).to.equal('malformed');
    }
    expect(control(new Packr({ useRecords: true }).pack({ type: 'goodbye' })).type, 'a record').to.equal('malformed');
    expect(control(0xc1).type).to.equal('malformed');
  });

  it('refuses keys that reach prototypes, and keys that are no strings', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const bytes = Buffer.concat([Buffer.of(0x81, 0xa0 | key.length), Buffer.from(key), packr.pack({ polluted: true })]);
      expect(control(bytes).type, key).to.equal('malformed');
      expect(control(Buffer.concat([Buffer.of(0x81, 0xd9, key.length), Buffer.from(key), Buffer.of(0xc0)])).type, key).to.equal(
        'malformed',
      );
      expect(sent(answer({ a: [{ [`${key}x`]: 1 }] })).type).to.equal('messages');
    }
    expect(control(0x81, 0x01, 0x02).type).to.equal('malformed');
    expect(control(0x81, 0x90, 0x02).type).to.equal('malformed');
    expect({}).to.not.have.property('polluted');
  });

  it('keeps ids that are names of prototypes as they are, for ids are never keys', () => {
    const ids = ['__proto__', 'constructor', 'toString', ''].filter(Boolean);
    expect(decoded([{ type: 'release-values', runId: '__proto__', epoch: 0, ids }])).to.deep.equal({
      type: 'messages',
      messages: [{ type: 'release-values', runId: '__proto__', epoch: 0, ids }],
      faults: [],
    });
  });

  it('refuses what is deeper than 32', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(sent(answer(nested(31))).type).to.equal('messages');
    expect(sent(answer(nested(32))).type).to.equal('malformed');
    expect(control(Buffer.alloc(100_000, 0x91)).type).to.equal('malformed');
    expect(control(Buffer.concat([Buffer.alloc(4400, 0x91), Buffer.of(1)])).type).to.equal('malformed');
  });

  it('refuses too many values before it makes any: 3 MiB of empty maps, or of empty lists', () => {
    for (const empty of [0x80, 0x90, 0xc0]) {
      const bomb = Buffer.alloc(3 * 1024 * 1024, empty);
      bomb.set([0xdd, 0, 0x2f, 0xff, 0x00], 0);
      expect(control(bomb).type).to.equal('malformed');
    }
  });

  it('spoils no other message by one that is wrong, and says which field', () => {
    const good = encodeMessage({ type: 'goodbye' }).subarray(1);
    const wrong: [unknown, RegExp][] = [
      [{ type: 'end-run' }, /"end-run": runId/],
      [{ type: 'end-run', runId: 7 }, /"end-run": runId/],
      [{ type: 'end-run', runId: '' }, /"end-run": runId/],
      [{ type: 'end-run', runId: 'r', epoch: 0, retainMs: 0, isInterrupted: false, more: 1 }, /"end-run"$/],
      [{ type: 'nonsense' }, /"nonsense": type/],
      [{ type: 'toString' }, /: type/],
      [{ type: '\n\u001b[31m' }, /^a wrong message: type$/],
      [
        {
          type: 'members',
          members: [
            ['a', 'b', null],
            ['a', 'b'],
          ],
        },
        /members\[1\]/,
      ],
      [{ type: 'answer', id: -1, value: null, error: null }, /id/],
      [{ type: 'answer', id: 1.5, value: null, error: null }, /id/],
      [{ type: 'ask', id: 1, question: { kind: 'keep-value' } }, /question\.dagId/],
      [{ type: 'beat', seq: 1, lagMs: Number.NaN }, /lagMs/],
      [[], /type/],
      [null, /./],
      [1, /./],
    ];
    for (const [value, fault] of wrong) {
      const result = control(good, packr.pack(value), good);
      if (result.type !== 'messages') throw new Error(`${JSON.stringify(value)}: ${JSON.stringify(result)}`);
      expect(result.messages).to.deep.equal([{ type: 'goodbye' }, { type: 'goodbye' }]);
      expect(result.faults.map((one) => one.fault).join()).to.match(fault);
    }
  });

  it('knows greetings from messages, also those of later protocols', () => {
    const hello = {
      type: 'hello',
      lowest: 1,
      highest: 1,
      name: 'a',
      incarnation: 'i',
      address: null,
      isObserver: false,
      nonce: Buffer.alloc(16),
    } as const;
    expect(decodeFrame([greetingFrame(hello)])).to.deep.equal({ type: 'greeting', greeting: hello });
    const later = Buffer.concat([Buffer.of(0), packr.pack({ ...hello, colour: 'blue' })]);
    expect(decodeFrame([later]).type).to.equal('greeting');
    for (const wrong of [
      { ...hello, nonce: Buffer.alloc(15) },
      { ...hello, name: '' },
      { type: 'proof', proof: Buffer.alloc(31) },
      { type: 'goodbye' },
    ]) {
      expect(decodeFrame([Buffer.concat([Buffer.of(0), packr.pack(wrong)])]).type).to.equal('malformed');
    }
    expect(decodeFrame([Buffer.concat([Buffer.of(0), encodeMessage({ type: 'goodbye' }).subarray(1)])]).type).to.equal('malformed');
    expect(decodeFrame([Buffer.of(9, 1, 2)]).type).to.equal('malformed');
  });

  it('copies the bytes of a message, so that they do not keep its frame alive', () => {
    const one = decoded([{ type: 'answer', id: 1, value: Buffer.alloc(100), error: null }]);
    if (one.type !== 'messages' || one.messages[0]!.type !== 'answer') throw new Error('no answer');
    expect((one.messages[0].value as Uint8Array).buffer.byteLength).to.equal(100);
  });
});
