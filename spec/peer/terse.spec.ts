import { expect } from 'chai';
import fc from 'fast-check';
import { controlFrames, decodeFrame, encodeMessage } from '../../lib/peer/protocol/codec.js';
import { type WireMessage, type WireMessageOf, wireMessage } from '../../lib/peer/protocol/messages.js';

const CONTROL = 1;
const TERSE = 0xc5;

const attempt = (over: Partial<WireMessageOf<'run-attempt'>> = {}, step: object = {}): WireMessageOf<'run-attempt'> => {
  const plain = { module: './tasks.mjs', name: 'square', isolation: 'loop', role: 'function', functionId: 'f1' } as const;
  const rest = { asList: false, extra: null, wanted: true, sole: false, shape: null, gist: null, digested: false } as const;
  const steps = [{ ...plain, ...rest, inputs: [], ...step }];
  const limits = { timeoutMs: null, stopGraceMs: 500, recording: null, origin: null };
  return {
    type: 'run-attempt',
    of: ['r1', 'f1', 1, 0],
    dagId: 'd',
    since: null,
    element: null,
    cost: [],
    mayQueue: true,
    isAhead: false,
    steps,
    ...limits,
    ...over,
  };
};

const success = (over: object = {}): WireMessageOf<'attempt-ended'> => ({
  type: 'attempt-ended',
  of: ['r1', 'f1', 1, 0],
  outcome: {
    type: 'succeeded',
    sizeBytes: 9,
    tookMs: 0.25,
    packed: Uint8Array.of(1, 2, 3),
    fits: true,
    facts: null,
    phases: null,
    slot: 0,
    span: null,
    ...over,
  },
});

const isTerse = (message: WireMessage): boolean => encodeMessage(message)[1] === TERSE;

/** As they come. Bytes may be of another class. */
const heard = (messages: readonly WireMessage[]): unknown => {
  const frames = controlFrames(messages.map(encodeMessage));
  const decoded = frames.map((frame) => decodeFrame([frame]));
  return decoded.flatMap((one) => (one.type === 'messages' && one.faults.length === 0 ? plainBytes(one.messages) : [one]));
};

const plainBytes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, one) => (one?.type === 'Buffer' ? one.data : one instanceof Uint8Array ? [...one] : one)));

const same = (messages: readonly WireMessage[]): void => void expect(heard(messages)).to.deep.equal(plainBytes(messages));

describe('terse messages', () => {
  const name = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1200 });
  const count = fc.oneof(fc.nat(), fc.nat({ max: 2 ** 53 - 1 }));
  const amount = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
  const bytes = fc.uint8Array({ maxLength: 300 });
  const rider = fc.record({ packed: bytes, freeze: fc.boolean() });
  const some = fc.constantFrom('a', 'b', 'ü');

  const attempts = fc
    .record({
      of: fc.tuple(some, name, count, fc.nat(2)),
      dagId: some,
      since: fc.option(fc.nat(2)),
      element: fc.option(fc.nat()),
      cost: fc.array(fc.tuple(some, fc.nat(2)), { maxLength: 2 }),
      mayQueue: fc.boolean(),
      isAhead: fc.boolean(),
      timeoutMs: fc.option(fc.constantFrom(0.5, 10)),
      recording: fc.option(fc.record({ index: fc.nat(), isSynced: fc.boolean(), isCopied: fc.boolean() })),
      step: fc.record({
        module: some,
        name: some,
        isolation: fc.constantFrom('loop', 'thread'),
        asList: fc.boolean(),
        sole: fc.boolean(),
        shape: fc.option(fc.constantFrom('split' as const, 'dag' as const)),
        gist: fc.option(fc.nat(2)),
        digested: fc.boolean(),
        inputs: fc.array(rider, { maxLength: 4 }),
        extra: fc.option(rider),
      }),
    })
    .map(({ step, ...over }) => attempt(over, { ...step, functionId: over.of[1] }));
  const successes = fc
    .record({
      of: fc.tuple(some, name, count, count),
      outcome: fc.record({
        sizeBytes: count,
        tookMs: amount,
        packed: bytes,
        fits: fc.boolean(),
        phases: fc.option(fc.tuple(amount, amount, amount, amount, amount)),
        slot: count,
      }),
    })
    .map(({ of, outcome }) => ({ ...success(outcome), of }));
  const starts = fc.record({ type: fc.constant('attempt-started' as const), of: fc.tuple(some, name, count, count), slot: count });
  const begun = fc.record({ type: fc.constant('run-begun' as const), runId: some, epoch: count, dagId: some });
  const over = { retainMs: amount, isInterrupted: fc.boolean() };
  const ends = fc.record({ type: fc.constant('end-run' as const), runId: some, epoch: count, ...over });
  const others = fc.record({ type: fc.constant('release-values' as const), runId: some, epoch: count, ids: fc.array(some) });

  it('come as they were sent, among others, in order', () => {
    fc.assert(fc.property(fc.array(fc.oneof(attempts, successes, starts, begun, ends, others), { minLength: 1 }), same), { numRuns: 500 });
  });

  it('are those of small functions, and of no others', () => {
    const packed = Uint8Array.of(1);
    for (const one of [attempt(), attempt({}, { inputs: [{ packed, freeze: true }], extra: { packed, freeze: false } }), success()])
      expect(isTerse(one)).to.equal(true);
    const value = { kind: 'of-run', runId: 'r1', epoch: 0, functionId: 'f0', origin: 'a', part: null } as const;
    const far = { from: 'a', value, sizeBytes: 9, sole: false };
    const [step] = attempt().steps;
    const ofLong: WireMessage[] = [
      attempt({}, { inputs: [far] }),
      attempt({}, { extra: far }),
      attempt({ steps: [step!, step!] }),
      attempt({ origin: { traceparent: 't', tracestate: null, links: [] } }),
      attempt({}, { inputs: [{ packed: new Uint8Array(40_000), freeze: true }] }),
      attempt({}, { functionId: 'another' }),
      success({ packed: null }),
      success({ span: 's' }),
      success({ facts: packed }),
      success({ packed: new Uint8Array(40_000) }),
      { ...success(), outcome: { type: 'stopped' } },
      { ...success(), of: ['r1', 'ü', 1, 0] },
      { ...success(), of: ['r1', 'x'.repeat(1001), 1, 0] },
    ];
    for (const one of ofLong) {
      expect(isTerse(one)).to.equal(false);
      same([one]);
    }
  });

  it('have little in common in many patterns, more than are remembered', () => {
    const all = Array.from({ length: 60 }, (_, at) => attempt({ dagId: `d${(at * 7) % 20}` }, { name: `n${at % 3}` }));
    same([...all, ...all]);
  });

  it('do no harm when they are cut short or changed in one byte, and tell of no message that would be wrong as a map', () => {
    const rider = { packed: Uint8Array.of(1, 2), freeze: true };
    const recording = { index: 3, isSynced: true, isCopied: false };
    for (const one of [
      attempt({ recording }, { inputs: [rider] }),
      success({ phases: [1, 2, 3, 4, 5] }),
      { ...success(), type: 'attempt-started', slot: 1 },
    ]) {
      const frame = encodeMessage(one as WireMessage);
      for (let at = 1; at < frame.length; at += 1) {
        expect(decodeFrame([frame.subarray(0, at)])).to.not.have.nested.property('messages[0]');
        for (const byte of [0, 1, 2, 3, 0x20, 0x7f, 0x80, 0xc0, 0xc5, 0xff]) {
          const changed = Buffer.concat([frame.subarray(0, at), Buffer.of(byte), frame.subarray(at + 1)]);
          const decoded = decodeFrame([changed]);
          if (decoded.type !== 'messages') continue;
          for (const message of decoded.messages) expect(wireMessage(message)).to.equal(undefined);
        }
      }
    }
  });

  it('are wrong with nothing in them, with too many arguments, or of an unknown kind', () => {
    for (const content of [[], [0], [9, 1], [1, 1, 0xc0], [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]) {
      const decoded = decodeFrame([Buffer.of(CONTROL, TERSE, 0, content.length, ...content)]);
      expect(decoded).to.have.property('faults').with.lengthOf(1);
      expect(decoded).to.have.property('messages').with.lengthOf(0);
    }
  });
});
