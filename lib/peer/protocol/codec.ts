import type { Packr, Unpackr } from 'msgpackr';
import { HandoffError, lazyPackage } from '../../base/index.js';
import { MAX_FRAME_BYTES } from '../transport.js';
import { type AttemptName, attemptName, type Greeting, greeting as greetingShape, type WireMessage, wireMessage } from './messages.js';
import { type ScanLimits, scanPlain } from './plain-scan.js';
import { type PlainPacking, terseFrame } from './terse.js';
import { readTerse, terseEnd } from './terse-reader.js';

/** The types of frames, by their first byte. */
const GREETING = 0;
const CONTROL = 1;
const CHUNK = 2;
const REFUSAL = 3;
const RECEIVED = 4;
const PIECE = 5;

/** Kind, transfer and size: two float64, big-endian. */
const CHUNK_HEAD_BYTES = 17;
/** Kind and a number. */
const NUMBER_BYTES = 9;

/** Kind, and whether it is the last piece. */
const PIECE_HEAD_BYTES = 2;

/** The limits of a control frame. `plain-scan.ts` gives the measurement of the attack that they stop. */
const LIMITS: ScanLimits = { depth: 32, nodes: 262_144 };
/** The limits of a message in pieces: enough for a function of 200,000 arguments that lie elsewhere. */
const LONG_LIMITS: ScanLimits = { depth: 32, nodes: 4_194_304 };

/** The longest message, bytes. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
/** Messages of at least this length go in pieces, bytes. */
export const LONG_MESSAGE_BYTES = 128 * 1024;
/**
 * Message frames of at least this length are acknowledged like chunks and pieces, bytes. On a slow link data then waits at its sender, and
 * not in buffers that nobody can see.
 */
export const COUNTED_FRAME_BYTES = 16 * 1024;
const GREETING_LIMITS: ScanLimits = { depth: 4, nodes: 64 };

/**
 * No records and no shared structures: a peer that missed one frame would decode garbage. Bytes of a message do not keep its frame alive.
 */
const PACKING = { useRecords: false, structuredClone: false, encodeUndefinedAsNil: true } as const;
const UNPACKING = { useRecords: false, mapsAsObjects: true, int64AsType: 'number', copyBuffers: true } as const;

const msgpackr = lazyPackage<typeof import('msgpackr')>('msgpackr');
let packr: Packr | undefined;
let unpackr: Unpackr | undefined;

function packed(message: unknown, encodeOptions?: number): Buffer {
  packr ??= new (msgpackr().Packr)(PACKING);
  return packr.pack(message, encodeOptions);
}

/** msgpackr's option for room before what is packed. */
const RESERVE_START_SPACE = 2048;

/** Something that is not a valid message. Its type and subject are set if they could be read, so that what waits for it can fail. */
export interface WrongMessage {
  /** What is wrong, in words. */
  readonly fault: string;
  readonly type: string | undefined;
  readonly subject: MessageSubject;
}

/** What a message is about: the number of a question, or the name of an attempt; neither in some messages. */
export interface MessageSubject {
  readonly id?: number | undefined;
  readonly of?: AttemptName | undefined;
}

/** The content of a frame. */
export type Decoded =
  | { readonly type: 'greeting'; readonly greeting: Greeting }
  /** Valid messages in order, and the faults of the others. */
  | { readonly type: 'messages'; readonly messages: readonly WireMessage[]; readonly faults: readonly WrongMessage[] }
  /** A piece of a message. `isLast` says whether it is the last one. */
  | { readonly type: 'piece'; readonly isLast: boolean; readonly parts: readonly Uint8Array[] }
  /** Some bytes of a value of `sizeBytes`, as views of the frame. A `sizeBytes` of -1 means that the sender gives the value up. */
  | { readonly type: 'chunk'; readonly transferId: number; readonly sizeBytes: number; readonly parts: readonly Uint8Array[] }
  /** The receiver of a value wants no more of it. */
  | { readonly type: 'refusal'; readonly transferId: number }
  /** How many chunks the other side has received since the link came up. */
  | { readonly type: 'received'; readonly chunks: number }
  | { readonly type: 'malformed'; readonly fault: string };

const malformed = (fault: string): Decoded => ({ type: 'malformed', fault });

/**
 * Returns one message as a frame, to be sent to any number of peers. Throws `HANDOFF_NOT_SERIALIZABLE` for a message that no peer accepts:
 * more than 32 MiB, more than 4 million values in it, or an answer that is not plain data.
 */
export function encodeMessage(message: WireMessage): Uint8Array {
  const terse = terseFrame(message, CONTROL, PLAIN);
  if (terse) return terse;
  const frame = packed(message, RESERVE_START_SPACE + 1);
  frame[0] = CONTROL;
  if (frame.length > MAX_MESSAGE_BYTES) throw unsendable(message, `it has ${frame.length} bytes, a message at most ${MAX_MESSAGE_BYTES}`);
  // A value takes at least a byte, so a short message cannot have too many.
  if (frame.length > LONG_MESSAGE_BYTES || message.type === 'answer') {
    const fault = scanPlain(frame, 1, LONG_LIMITS);
    if (fault !== undefined) throw unsendable(message, `${fault}: ${LONG_LIMITS.nodes} values at most, ${LONG_LIMITS.depth} deep`);
  }
  // These messages are not answered, and three that are not understood end the link.
  if (UNANSWERED.has(message.type)) {
    const fault = wireMessage(message);
    if (fault !== undefined)
      throw unsendable(message, `its ${fault} is not a name, or too long: it may have 1000 entries, of 255 characters each`);
  }
  return frame;
}

const UNANSWERED: ReadonlySet<string> = new Set<WireMessage['type']>(['beat', 'members', 'tell-location']);

const unsendable = ({ type }: WireMessage, why: string): HandoffError =>
  new HandoffError('HANDOFF_NOT_SERIALIZABLE', `Cannot send "${type}": ${why}`);

/** Returns the head of a frame with a piece of a message. The bytes of the message follow, without its first byte, the type. */
export const pieceHead = (isLast: boolean): Uint8Array => Buffer.of(PIECE, isLast ? 1 : 0);

/** A frame without a message. */
export const EMPTY_FRAME: Uint8Array = Buffer.of(CONTROL);

/** Puts messages, each in a frame of its own, into as few frames as possible, in order. */
export function controlFrames(messages: readonly Uint8Array[]): readonly Uint8Array[] {
  if (messages.length === 1) return messages;
  const frames: Uint8Array[] = [];
  let from = 0;
  while (from < messages.length) {
    let bytes = 1;
    let to = from;
    while (to < messages.length && bytes + messages[to]!.length - 1 <= MAX_FRAME_BYTES) bytes += messages[to++]!.length - 1;
    const frame = Buffer.allocUnsafe(bytes);
    frame[0] = CONTROL;
    let at = 1;
    for (; from < to; from++) at += (messages[from] as Buffer).copy(frame, at, 1);
    frames.push(frame);
  }
  return frames;
}

/** Returns a frame in a few words, for traces. */
export function frameText(parts: readonly Uint8Array[]): string {
  const decoded = decodeFrame(parts);
  switch (decoded.type) {
    case 'greeting':
      return decoded.greeting.type;
    case 'messages':
      return decoded.messages.map(messageText).join(', ');
    case 'chunk':
      return `chunk of value ${decoded.transferId}, ${decoded.sizeBytes} bytes`;
    case 'received':
      return `received ${decoded.chunks}`;
    case 'piece':
      return `${decoded.isLast ? 'the last' : 'a'} piece of a message`;
    default:
      return decoded.type;
  }
}

function messageText(message: WireMessage): string {
  if ('of' in message) return `${message.type} ${message.of[1]}#${message.of[2]}`;
  return 'id' in message ? `${message.type} ${message.id}` : message.type;
}

/** Returns the frame of one greeting: `hello`, `proof`, `welcome` or `refused`. */
export function greetingFrame(greeting: Greeting): Uint8Array {
  return Buffer.concat([Buffer.of(GREETING), packed(greeting)]);
}

/** Returns the head that stands before the bytes of a chunk. `sizeBytes` is the size of the whole value; -1 gives it up. */
export function chunkHead(transferId: number, sizeBytes: number): Uint8Array {
  const head = Buffer.allocUnsafe(CHUNK_HEAD_BYTES);
  head[0] = CHUNK;
  head.writeDoubleBE(transferId, 1);
  head.writeDoubleBE(sizeBytes, 9);
  return head;
}

/** Returns the frame with which the receiver of a value refuses the rest of it. */
export const refusalFrame = (transferId: number): Uint8Array => numberFrame(REFUSAL, transferId);

/** Returns the frame that acknowledges `chunks` frames, so that the sender may send as many more. */
export const receivedFrame = (chunks: number): Uint8Array => numberFrame(RECEIVED, chunks);

function numberFrame(kind: number, value: number): Uint8Array {
  const frame = Buffer.allocUnsafe(NUMBER_BYTES);
  frame[0] = kind;
  frame.writeDoubleBE(value, 1);
  return frame;
}

/**
 * Decodes a frame from any peer. Never throws. Accepts plain data only: each byte is scanned before anything is made of it, so msgpackr's
 * own extensions need not be overridden for the whole process. Then each message is checked against the shape of its type. A wrong message
 * does not affect the others; a frame that is not MessagePack is wrong as a whole.
 */
export function decodeFrame(parts: readonly Uint8Array[]): Decoded {
  const head = parts[0];
  if (head === undefined || head.length === 0) return malformed('an empty frame');
  switch (head[0]) {
    case CHUNK:
      return decodeChunk(parts);
    case CONTROL:
      return decodeControl(whole(parts), LIMITS);
    case PIECE:
      return decodePiece(parts);
    case GREETING:
      return decodeGreeting(whole(parts));
    case REFUSAL:
    case RECEIVED: {
      const frame = whole(parts);
      const value = frame.length === NUMBER_BYTES ? frame.readDoubleBE(1) : -1;
      if (!isCount(value)) return malformed('a wrong number');
      return head[0] === REFUSAL ? { type: 'refusal', transferId: value } : { type: 'received', chunks: value };
    }
    default:
      return malformed(`an unknown kind of frame: ${head[0]}`);
  }
}

/** Joins a message that came in pieces and decodes it. */
export const decodePieces = (pieces: readonly Uint8Array[]): Decoded => decodeControl(whole([EMPTY_FRAME, ...pieces]), LONG_LIMITS);

function decodeControl(frame: Buffer, limits: ScanLimits): Decoded {
  /** Where the terse messages begin. */
  const terse: number[] = [];
  const fault = scanPlain(frame, 1, limits, terse);
  if (fault !== undefined) return malformed(fault);
  const messages: WireMessage[] = [];
  const faults: WrongMessage[] = [];
  let from = 1;
  for (const at of [...terse, frame.length]) {
    const wrong = at > from ? readMaps(frame.subarray(from, at), messages, faults) : undefined;
    if (wrong !== undefined) return malformed(wrong);
    if (at === frame.length) break;
    const message = readTerse(frame, at, PLAIN);
    if (message) messages.push(message);
    else faults.push(wrongMessage(undefined, ''));
    from = terseEnd(frame, at);
  }
  return { type: 'messages', messages, faults };
}

/** Reads messages that came as maps. Returns why that cannot be done. */
function readMaps(bytes: Uint8Array, messages: WireMessage[], faults: WrongMessage[]): string | undefined {
  const values = unpacked(bytes);
  if (typeof values === 'string') return values;
  for (const value of values) {
    const fault = wireMessage(value);
    if (fault === undefined) messages.push(value as WireMessage);
    else faults.push(wrongMessage(value, fault));
  }
  return undefined;
}

function decodePiece(parts: readonly Uint8Array[]): Decoded {
  const [first, ...rest] = parts as [Uint8Array, ...Uint8Array[]];
  if (first.length < PIECE_HEAD_BYTES) return rest.length > 0 ? decodePiece([whole(parts)]) : malformed('a piece without its head');
  if (first[1]! > 1) return malformed('a wrong head of a piece');
  return {
    type: 'piece',
    isLast: first[1] === 1,
    parts: first.length > PIECE_HEAD_BYTES ? [first.subarray(PIECE_HEAD_BYTES), ...rest] : rest,
  };
}

function decodeGreeting(frame: Buffer): Decoded {
  const values = unpackAll(frame, GREETING_LIMITS);
  if (typeof values === 'string') return malformed(values);
  const fault = values.length === 1 ? greetingShape(values[0]) : 'not one';
  return fault === undefined ? { type: 'greeting', greeting: values[0] as Greeting } : malformed(`a wrong greeting: ${fault}`);
}

function decodeChunk(parts: readonly Uint8Array[]): Decoded {
  const [first, ...rest] = parts as [Uint8Array, ...Uint8Array[]];
  if (first.length < CHUNK_HEAD_BYTES) return rest.length > 0 ? decodeChunk([whole(parts)]) : malformed('a chunk without its head');
  const view = new DataView(first.buffer, first.byteOffset, CHUNK_HEAD_BYTES);
  const transferId = view.getFloat64(1);
  const sizeBytes = view.getFloat64(9);
  if (!isCount(transferId) || !(isCount(sizeBytes) || sizeBytes === -1)) return malformed('a wrong head of a chunk');
  return {
    type: 'chunk',
    transferId,
    sizeBytes,
    parts: first.length > CHUNK_HEAD_BYTES ? [first.subarray(CHUNK_HEAD_BYTES), ...rest] : rest,
  };
}

/** Returns the values after the first byte, or a text that says why there are none. */
function unpackAll(frame: Buffer, limits: ScanLimits): readonly unknown[] | string {
  if (frame.length === 1) return [];
  return scanPlain(frame, 1, limits) ?? unpacked(frame.subarray(1));
}

/** Returns the values in bytes that have been scanned. */
function unpacked(bytes: Uint8Array): readonly unknown[] | string {
  try {
    unpackr ??= new (msgpackr().Unpackr)(UNPACKING);
    return unpackr.unpackMultiple(bytes as Buffer);
  } catch (error) {
    return `no MessagePack: ${(error as Error).message}`;
  }
}

const PLAIN: PlainPacking = {
  pack: (value) => new Uint8Array(packed(value)),
  unpack: (bytes) => scanPlain(bytes, 0, LIMITS) ?? unpacked(bytes),
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const whole = (parts: readonly Uint8Array[]): Buffer => {
  const [first] = parts as [Uint8Array];
  if (parts.length > 1) return Buffer.concat(parts);
  return Buffer.isBuffer(first) ? first : Buffer.from(first.buffer, first.byteOffset, first.byteLength);
};

/** Returns a wrong message with its type, if that is a word safe for a log, and its subject. */
function wrongMessage(value: unknown, fault: string): WrongMessage {
  const { type, id, of } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const known = typeof type === 'string' && /^[a-z-]{1,32}$/.test(type) ? type : undefined;
  return {
    fault: `a wrong message${known === undefined ? '' : ` "${known}"`}${fault && `: ${fault}`}`,
    type: known,
    subject: {
      id: typeof id === 'number' && isCount(id) ? id : undefined,
      of: attemptName(of) === undefined ? (of as AttemptName) : undefined,
    },
  };
}
