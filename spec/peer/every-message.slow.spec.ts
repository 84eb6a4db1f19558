import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError } from '../../lib/base/index.js';
import {
  type Decoded,
  decodeFrame,
  decodePieces,
  encodeMessage,
  LONG_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
} from '../../lib/peer/protocol/codec.js';
import type { WireMessage, WireMessageOf } from '../../lib/peer/protocol/messages.js';
import { inItsPlace } from '../../lib/peer/protocol/too-long.js';

type Makers = { readonly [T in WireMessage['type']]: (text: string, count: number, bytes: Uint8Array) => WireMessageOf<T> };

const times = <T>(count: number, one: T): T[] => Array(count).fill(one);
const amounts = (text: string, count: number): [string, number][] => times(count, [text, 1.5]);
const attempt = (text: string) => ({ of: [text, text, 1, 1] as const });
const short = { of: ['r', 'f', 1, 1] } as const;
const far = (text: string) =>
  ({
    from: text,
    value: { kind: 'of-run', runId: text, epoch: 1, functionId: text, origin: text, part: null },
    sizeBytes: 1,
    sole: true,
  }) as const;

/** Every message, filled with texts, lists and bytes of any length. */
const MAKERS: Makers = {
  beat: (text, count) => ({
    ...{ type: 'beat', seq: 1, lagMs: 0, leaving: false, capabilities: amounts(text, count), used: amounts(text, count) },
    ...{ byDriver: times(count, [text, amounts(text, 2)] as const) },
    ...{ running: 0, queued: 0, blocked: 0, heldBytes: 0, diskBytes: 0, limitBytes: 0, isSpilling: false, log: 'ok' },
    ...{ memoryLimitBytes: 0, rememberedBytes: 0, rememberedResults: 0, rememberedHits: 0 },
  }),
  goodbye: () => ({ type: 'goodbye' }),
  members: (text, count) => ({ type: 'members', members: times(count, [text, text, text] as const) }),
  ask: (text, count) => ({ type: 'ask', id: 1, question: { kind: 'check-room', required: amounts(text, count) } }),
  answer: (text, count, bytes) => ({ type: 'answer', id: 1, value: times(count, text), error: bytes }),
  'withdraw-question': () => ({ type: 'withdraw-question', id: 1 }),
  'run-attempt': (text, count, bytes) => ({
    ...{ type: 'run-attempt', ...attempt(text), dagId: text, cost: amounts(text, count), mayQueue: true, isAhead: false },
    since: 3,
    element: 4,
    steps: [
      {
        ...{ module: text, name: text, isolation: text, role: 'function', functionId: text, asList: false, wanted: true, sole: false },
        ...{ shape: 'split', gist: 3, digested: true },
        inputs: [...times(count, far(text)), { packed: bytes, freeze: true }],
        extra: { packed: bytes, freeze: false },
      },
    ],
    ...{ timeoutMs: null, stopGraceMs: 1, recording: { index: 1, isSynced: true, isCopied: false } },
    origin: { traceparent: text, tracestate: text, links: times(Math.min(count, 128), text) },
  }),
  'attempt-queued': (text, count) => ({ type: 'attempt-queued', ...short, lacking: amounts(text, count) }),
  'attempt-started': (_text, count) => ({ type: 'attempt-started', ...short, slot: count }),
  'attempt-refused': (text, count) => {
    const all = amounts(text, count);
    return {
      type: 'attempt-refused',
      ...short,
      usage: { capabilities: all, used: all, usedByYou: all },
    };
  },
  'attempt-ended': (_text, _count, bytes) => ({
    type: 'attempt-ended',
    ...short,
    outcome: { type: 'failed', error: bytes, final: false, phases: null, slot: 0 },
  }),
  'stop-attempt': (text, _count, bytes) => ({ type: 'stop-attempt', ...attempt(text), reason: bytes, graceMs: 1 }),
  'take-back-attempt': (text, count) => ({ type: 'take-back-attempt', ...attempt(text), ask: count }),
  'attempt-taken-back': (text, count) => ({ type: 'attempt-taken-back', ...attempt(text), ask: count }),
  'runs-under-way': (text, count) => ({ type: 'runs-under-way', runs: times(3, [text, 1, times(count, [text, 1] as const)] as const) }),
  'run-begun': (text) => ({ type: 'run-begun', runId: text, epoch: 1, dagId: text }),
  'run-refused': (text, _count, bytes) => ({ type: 'run-refused', runId: text, epoch: 1, error: bytes }),
  'forget-copies': (text) => ({ type: 'forget-copies', dagId: text }),
  'release-values': (text, count) => ({ type: 'release-values', runId: text, epoch: 1, ids: times(count, text) }),
  'adopt-attempts': (text, count) => ({ type: 'adopt-attempts', runId: text, epoch: 1, attempts: times(count, [text, 1] as const) }),
  'end-run': (text) => ({ type: 'end-run', runId: text, epoch: 1, retainMs: 1, isInterrupted: false }),
  'fetch-value': (text) => ({ type: 'fetch-value', id: 1, value: far(text).value }),
  'value-found': (_text, _count, bytes) => ({ type: 'value-found', id: 1, freeze: true, packed: bytes }),
  'value-missing': (_text, _count, bytes) => ({ type: 'value-missing', id: 1, error: bytes }),
  'tell-location': (text) => ({ type: 'tell-location', dagId: text, functionId: text, node: text }),
  'function-output': (text) => ({ type: 'function-output', ...attempt(text), dagId: text, stream: 'stdout', text }),
};

/** As a link takes it: a frame, or pieces. */
function arrived(encoded: Uint8Array): Decoded {
  return encoded.length > LONG_MESSAGE_BYTES ? decodePieces([encoded.subarray(1, 1000), encoded.subarray(1000)]) : decodeFrame([encoded]);
}

/** What comes of a message that is sent: itself, or what goes in its place, or the error for whoever sends it. */
function sent(message: WireMessage): readonly WireMessage[] | HandoffError {
  try {
    const encoded = encodeMessage(message);
    const decoded = arrived(encoded);
    if (decoded.type !== 'messages' || decoded.faults.length > 0)
      throw new Error(`${message.type} is not understood: ${JSON.stringify(decoded)}`);
    return decoded.messages;
  } catch (error) {
    if (!HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
    expect(error.message).to.match(new RegExp(`^Cannot send "${message.type}": .*\\d`));
    try {
      return inItsPlace(message, error).flatMap((one) => {
        const instead = sent(one);
        if (HandoffError.is(instead)) throw new Error('what goes in its place is too long itself');
        return instead as readonly WireMessage[];
      });
    } catch (again) {
      if (again !== error) throw again;
      return error;
    }
  }
}

/** So many entries of its lists that a message is longer than any may be; 1 if it has no list. */
function tooMany(make: Makers[WireMessage['type']]): number {
  const sizeWith = (count: number): number => encodeMessage(make('t', count, Buffer.alloc(1))).length;
  const entryBytes = (sizeWith(900) - sizeWith(400)) / 500;
  return entryBytes > 0 ? Math.ceil(MAX_MESSAGE_BYTES / entryBytes) : 1;
}

const QUESTIONS = new Set(['ask', 'run-attempt', 'fetch-value']);
const ANSWERS = new Set(['answer', 'attempt-refused', 'attempt-ended', 'value-found', 'value-missing']);

describe('every message', () => {
  for (const [type, make] of Object.entries(MAKERS) as [WireMessage['type'], Makers[WireMessage['type']]][]) {
    it(`"${type}" of any length arrives, or is refused where it is sent, and whoever waits is told`, () => {
      const lengths = fc.constantFrom(1, 31, 32, 255, 256, 65_535, 65_536);
      const counts = fc.constantFrom(0, 1, 15, 16, 100);
      fc.assert(
        fc.property(lengths, counts, lengths, (length, count, bytes) => {
          const message = make('t'.repeat(length), count, Buffer.alloc(bytes));
          const came = sent(message);
          if (!HandoffError.is(came) && came[0]?.type === type && came.length === 1) expect(came[0]).to.have.all.keys(Object.keys(message));
        }),
        { numRuns: 30 },
      );
    });

    it(`"${type}" that is longer than any message, in one text, in a list, in bytes`, function () {
      this.timeout(160_000);
      for (const message of [
        make('t'.repeat(MAX_MESSAGE_BYTES + 1), 1, Buffer.alloc(1)),
        make('t', tooMany(make), Buffer.alloc(1)),
        make('t', 1, Buffer.alloc(MAX_MESSAGE_BYTES + 1)),
      ]) {
        const came = sent(message);
        if (HandoffError.is(came)) expect(QUESTIONS.has(type)).to.equal(true);
        else if (ANSWERS.has(type)) expect(came).to.have.length(1);
      }
    });
  }
});
