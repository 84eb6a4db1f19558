import { type WireMessage, type WireMessageOf, wireMessage } from './messages.js';

/**
 * The terse forms of the messages that each small function costs: an attempt of one step, its start, and its success. As maps they are the
 * larger part of what such a function costs at both ends, most of it for names of fields and for texts that all functions of a run have in
 * common. A terse message is a MessagePack value of bytes among the others of its frame, and means the same as the map. Whatever has no
 * terse form goes as a map.
 *
 * What attempts have in common is their pattern, a message without what differs. It is in each of them, so that no message depends on
 * another; both ends remember the last patterns, and so neither packs nor reads one that it has just seen.
 */

type RunAttempt = WireMessageOf<'run-attempt'>;
type Step = RunAttempt['steps'][number];
type Rider = { readonly packed: Uint8Array; readonly freeze: boolean };

/** The first byte of a terse message as MessagePack has it: bytes, with a length of 16 bits. */
export const TERSE = 0xc5;
/** That byte, and the length. */
const HEAD_BYTES = 3;

const ATTEMPT = 1;
const SUCCESS = 2;
const START = 3;

/** The longest terse message, and the longest name in one. */
const MOST_BYTES = 32 * 1024;
const LONGEST_NAME = 1000;
/** All but the name, the pattern and what rides along take less than this. */
const FIXED_BYTES = 128;

const KNOWN_PATTERNS = 8;

/** Packs and unpacks MessagePack. */
export interface PlainPacking {
  pack(value: unknown): Uint8Array;
  /** Returns the values in the bytes; a text if they are not allowed. */
  unpack(bytes: Uint8Array): readonly unknown[] | string;
}

const scratch = Buffer.allocUnsafeSlow(MOST_BYTES + HEAD_BYTES + 1);
/** Where the next byte is written. */
let to = 0;

/** Returns the frame of a message in its terse form, beginning with `kind`; `undefined` if it has none. */
export function terseFrame(message: WireMessage, kind: number, plain: PlainPacking): Buffer | undefined {
  to = 1 + HEAD_BYTES;
  if (!isWritten(message, plain)) return undefined;
  const bytes = to - 1 - HEAD_BYTES;
  scratch[0] = kind;
  scratch[1] = TERSE;
  scratch[2] = bytes >> 8;
  scratch[3] = bytes & 0xff;
  const frame = Buffer.allocUnsafe(to);
  scratch.copy(frame, 0, 0, to);
  return frame;
}

function isWritten(message: WireMessage, plain: PlainPacking): boolean {
  switch (message.type) {
    case 'run-attempt':
      return isAttemptWritten(message, plain);
    case 'attempt-ended': {
      const { of, outcome } = message;
      if (outcome.type !== 'succeeded' || !outcome.packed || outcome.facts || outcome.span !== null) return false;
      const { sizeBytes, tookMs, packed, fits, phases, slot } = outcome;
      if (packed.length > MOST_BYTES - 2 * LONGEST_NAME - FIXED_BYTES || !isNumber(sizeBytes) || !isNumber(slot)) return false;
      scratch[to++] = SUCCESS;
      scratch[to++] = (fits ? 1 : 0) + (phases ? 2 : 0);
      if (!isNameWritten(of[0]) || !isNameWritten(of[1]) || !isNumber(of[2]) || !isNumber(of[3])) return false;
      writeNumber(of[2]);
      writeNumber(of[3]);
      writeNumber(sizeBytes);
      writeNumber(slot);
      writeDouble(tookMs);
      if (phases) for (const ms of phases) writeDouble(ms);
      writeBytes(packed);
      return true;
    }
    case 'attempt-started': {
      const { of, slot } = message;
      scratch[to++] = START;
      if (!isNameWritten(of[0]) || !isNameWritten(of[1]) || !isNumber(of[2]) || !isNumber(of[3]) || !isNumber(slot)) return false;
      writeNumber(of[2]);
      writeNumber(of[3]);
      writeNumber(slot);
      return true;
    }
    default:
      return false;
  }
}

/** Its pattern, then what differs: the function's id, the number of the attempt, the place of an element, and what rides along. */
function isAttemptWritten(message: RunAttempt, plain: PlainPacking): boolean {
  const { of, steps, element, recording, origin } = message;
  const step = steps[0];
  if (steps.length !== 1 || origin || step!.functionId !== of[1] || !isNumber(of[2])) return false;
  const { inputs, extra } = step!;
  let ridingBytes = 0;
  for (const input of inputs) {
    if (typeof input === 'number' || !('packed' in input)) return false;
    ridingBytes += input.packed.length + FIXED_BYTES;
  }
  if (extra) {
    if (!('packed' in extra)) return false;
    ridingBytes += extra.packed.length;
  }
  const pattern = patternOf(message, step!, plain);
  if (pattern.length + ridingBytes > MOST_BYTES - LONGEST_NAME - FIXED_BYTES) return false;
  scratch[to++] = ATTEMPT;
  writeBytes(pattern);
  if (!isNameWritten(of[1])) return false;
  writeNumber(of[2]);
  writeNumber(element === null ? 0 : element + 1);
  writeNumber(recording ? recording.index : 0);
  writeNumber(inputs.length);
  for (const input of inputs) writeRider(input as Rider);
  scratch[to++] = extra ? 1 : 0;
  if (extra) writeRider(extra as Rider);
  return true;
}

function writeRider({ packed, freeze }: Rider): void {
  scratch[to++] = freeze ? 1 : 0;
  writeBytes(packed);
}

interface SentPattern {
  readonly message: RunAttempt;
  readonly step: Step;
  readonly bytes: Uint8Array;
}

/** The latest patterns that were sent and heard, the last one first. */
const sent: SentPattern[] = [];
const heard: HeardPattern[] = [];

function patternOf(message: RunAttempt, step: Step, plain: PlainPacking): Uint8Array {
  for (let at = 0; at < sent.length; at += 1) {
    const known = sent[at]!;
    if (!isAlike(known, message, step)) continue;
    if (at > 0) sent.unshift(...sent.splice(at, 1));
    return known.bytes;
  }
  const { of, dagId, since, cost, mayQueue, timeoutMs, stopGraceMs, recording } = message;
  const { isolation, module, name, role, asList, wanted, sole, shape, gist, digested } = step;
  const own = [isolation, module, name, role, asList, wanted, sole, shape, gist, digested];
  const recorded = recording && [recording.isSynced, recording.isCopied];
  const bytes = plain.pack([of[0], of[3], dagId, since, cost, mayQueue, timeoutMs, stopGraceMs, recorded, ...own]);
  sent.unshift({ message: { ...message, steps: [] }, step: { ...step, inputs: [], extra: null }, bytes });
  if (sent.length > KNOWN_PATTERNS) sent.pop();
  return bytes;
}

function isAlike({ message: a, step: one }: SentPattern, b: RunAttempt, other: Step): boolean {
  return (
    one.name === other.name &&
    a.of[0] === b.of[0] &&
    a.of[3] === b.of[3] &&
    one.module === other.module &&
    one.isolation === other.isolation &&
    one.role === other.role &&
    one.asList === other.asList &&
    one.wanted === other.wanted &&
    one.sole === other.sole &&
    one.shape === other.shape &&
    one.gist === other.gist &&
    one.digested === other.digested &&
    a.dagId === b.dagId &&
    a.since === b.since &&
    a.mayQueue === b.mayQueue &&
    a.timeoutMs === b.timeoutMs &&
    a.stopGraceMs === b.stopGraceMs &&
    a.recording?.isSynced === b.recording?.isSynced &&
    a.recording?.isCopied === b.recording?.isCopied &&
    a.cost.length === b.cost.length &&
    a.cost.every(([name, amount], at) => name === b.cost[at]![0] && amount === b.cost[at]![1])
  );
}

const isNumber = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

function writeNumber(value: number): void {
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) scratch[to++] = (left % 0x80) | 0x80;
  scratch[to++] = left;
}

function writeDouble(value: number): void {
  scratch.writeDoubleLE(value, to);
  to += 8;
}

function writeBytes(bytes: Uint8Array): void {
  writeNumber(bytes.length);
  scratch.set(bytes, to);
  to += bytes.length;
}

/** Only names of ASCII characters are written here. */
function isNameWritten(name: string): boolean {
  const { length } = name;
  if (length > LONGEST_NAME) return false;
  writeNumber(length);
  for (let at = 0; at < length; at += 1) {
    const code = name.charCodeAt(at);
    if (code >= 0x80) return false;
    scratch[to++] = code;
  }
  return true;
}

let data: Buffer = scratch;
/** What is read next, and where the message ends. */
let at = 0;
let end = 0;
let isBad = false;

/** Returns where the terse message that begins at `from` ends. */
export const terseEnd = (frame: Buffer, from: number): number => from + HEAD_BYTES + frame[from + 1]! * 0x100 + frame[from + 2]!;

/** Returns the terse message that begins at `from`, as the map that it stands for; `undefined` if it is none. */
export function readTerse(frame: Buffer, from: number, plain: PlainPacking): WireMessage | undefined {
  data = frame;
  at = from + HEAD_BYTES;
  end = terseEnd(frame, from);
  isBad = end > frame.length || at === end;
  if (isBad) return undefined;
  const message = read(plain);
  return isBad || at !== end ? undefined : message;
}

function read(plain: PlainPacking): WireMessage | undefined {
  switch (data[at++]) {
    case ATTEMPT:
      return readAttempt(plain);
    case SUCCESS: {
      const flags = readByte(3);
      const runId = readRunId();
      const functionId = readName();
      const attempt = readNumber();
      const epoch = readNumber();
      const sizeBytes = readNumber();
      const slot = readNumber();
      const tookMs = readAmount();
      const phases = (flags & 2) === 0 ? null : ([readAmount(), readAmount(), readAmount(), readAmount(), readAmount()] as const);
      const packed = readBytes();
      const outcome = {
        type: 'succeeded',
        sizeBytes,
        tookMs,
        packed,
        fits: (flags & 1) === 1,
        facts: null,
        phases,
        slot,
        span: null,
      } as const;
      return { type: 'attempt-ended', of: [runId, functionId, attempt, epoch], outcome };
    }
    case START: {
      const runId = readRunId();
      const functionId = readName();
      const attempt = readNumber();
      const epoch = readNumber();
      return { type: 'attempt-started', of: [runId, functionId, attempt, epoch], slot: readNumber() };
    }
    default:
      return undefined;
  }
}

function readAttempt(plain: PlainPacking): RunAttempt | undefined {
  const pattern = readPattern(plain);
  if (!pattern) return undefined;
  const functionId = readName();
  const attempt = readNumber();
  const element = readNumber();
  const index = readNumber();
  const count = readNumber();
  if (count > end - at) return undefined;
  const inputs: Rider[] = [];
  for (let left = count; left > 0; left -= 1) inputs.push(readRider());
  const extra = readByte(1) === 1 ? readRider() : null;
  const { message, step } = pattern;
  const { dagId, since, cost, mayQueue, timeoutMs, stopGraceMs, recording } = message;
  const { isolation, module, name, role, asList, wanted, sole, shape, gist, digested } = step;
  return {
    type: 'run-attempt',
    of: [message.of[0], functionId, attempt, message.of[3]],
    dagId,
    since,
    element: element === 0 ? null : element - 1,
    cost,
    mayQueue,
    steps: [{ role, functionId, isolation, module, name, inputs, asList, extra, wanted, sole, shape, gist, digested }],
    timeoutMs,
    stopGraceMs,
    recording: recording && { index, isSynced: recording.isSynced, isCopied: recording.isCopied },
    origin: null,
  };
}

interface HeardPattern {
  readonly bytes: Uint8Array;
  readonly message: RunAttempt;
  readonly step: Step;
}

function readPattern(plain: PlainPacking): HeardPattern | undefined {
  const length = readNumber();
  if (length > end - at) return undefined;
  const from = at;
  at += length;
  for (let one = 0; one < heard.length; one += 1) {
    const known = heard[one]!;
    if (known.bytes.length !== length || data.compare(known.bytes, 0, length, from, at) !== 0) continue;
    if (one > 0) heard.unshift(...heard.splice(one, 1));
    return known;
  }
  const bytes = new Uint8Array(data.subarray(from, at));
  const pattern = newPattern(bytes, plain);
  if (!pattern) return undefined;
  heard.unshift(pattern);
  if (heard.length > KNOWN_PATTERNS) heard.pop();
  return pattern;
}

/** The pattern is checked as a whole message, with something in place of what differs. */
function newPattern(bytes: Uint8Array, plain: PlainPacking): HeardPattern | undefined {
  const values = plain.unpack(bytes);
  if (typeof values === 'string' || values.length !== 1 || !Array.isArray(values[0]) || values[0].length !== 19) return undefined;
  const [runId, epoch, dagId, since, cost, mayQueue, timeoutMs, stopGraceMs, recorded, ...own] = values[0] as unknown[];
  const [isolation, module, name, role, asList, wanted, sole, shape, gist, digested] = own;
  if (recorded !== null && !(Array.isArray(recorded) && recorded.length === 2)) return undefined;
  const recording = recorded && { index: 0, isSynced: recorded[0] as unknown, isCopied: recorded[1] as unknown };
  const functionId = 'any';
  const step = { role, functionId, isolation, module, name, inputs: [], asList, extra: null, wanted, sole, shape, gist, digested };
  const rest = { dagId, since, element: null, cost, mayQueue, timeoutMs, stopGraceMs, recording, origin: null };
  const message = { type: 'run-attempt', of: [runId, functionId, 1, epoch], steps: [step], ...rest };
  if (wireMessage(message) !== undefined) return undefined;
  return { bytes, message: message as unknown as RunAttempt, step: step as unknown as Step };
}

function readByte(most: number): number {
  const byte = at < end ? data[at]! : most + 1;
  at += 1;
  if (byte > most) isBad = true;
  return byte;
}

function readNumber(): number {
  let value = 0;
  for (let scale = 1; at < end && scale < Number.MAX_SAFE_INTEGER; scale *= 0x80) {
    const byte = data[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte >= 0x80) continue;
    if (!Number.isSafeInteger(value)) isBad = true;
    return value;
  }
  isBad = true;
  return 0;
}

function readAmount(): number {
  const from = at;
  at += 8;
  if (at > end) isBad = true;
  const value = isBad ? 0 : data.readDoubleLE(from);
  if (!Number.isFinite(value) || value < 0) isBad = true;
  return value;
}

function readRider(): Rider {
  const freeze = readByte(1) === 1;
  return { packed: readBytes(), freeze };
}

/** A copy, so that it does not keep its frame. */
function readBytes(): Uint8Array {
  const length = readNumber();
  if (length > end - at) isBad = true;
  const bytes = new Uint8Array(isBad ? 0 : length);
  for (let byte = 0; byte < bytes.length; byte += 1) bytes[byte] = data[at + byte]!;
  at += length;
  return bytes;
}

function readName(): string {
  const length = readNumber();
  const from = at;
  at += length;
  if (length === 0 || length > LONGEST_NAME || at > end) isBad = true;
  if (isBad) return '';
  for (let byte = from; byte < at; byte += 1) if (data[byte]! >= 0x80) isBad = true;
  return data.toString('latin1', from, at);
}

let lastRunId = '';

/** The same text as the last one, if it is alike: mostly it is. */
function readRunId(): string {
  const length = lastRunId.length;
  if (length > 0 && length < 0x80 && data[at] === length && at + 1 + length <= end) {
    let same = 0;
    while (same < length && data[at + 1 + same] === lastRunId.charCodeAt(same)) same += 1;
    if (same === length) {
      at += 1 + length;
      return lastRunId;
    }
  }
  const runId = readName();
  if (!isBad) lastRunId = runId;
  return runId;
}
