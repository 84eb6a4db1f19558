import { type AttemptName, type WireMessage, type WireMessageOf, wireMessage } from './messages.js';
import { KNOWN_PATTERNS, LONGEST_TERSE_NAME, type PlainPacking, TERSE_HEAD_BYTES, TERSE_KINDS, type TerseRider } from './terse.js';

type RunAttempt = WireMessageOf<'run-attempt'>;
type Step = RunAttempt['steps'][number];

/** From more bytes on, a call that copies them is faster than a loop. */
const CALL_BYTES = 48;

let data: Buffer = Buffer.alloc(0);
/** What is read next, and where the message ends. */
let at = 0;
let end = 0;
let isBad = false;

/** Returns where the terse message that begins at `from` ends. */
export const terseEnd = (frame: Buffer, from: number): number => from + TERSE_HEAD_BYTES + frame[from + 1]! * 0x100 + frame[from + 2]!;

/** Returns the terse message that begins at `from`, as the map that it stands for; `undefined` if it is none. */
export function readTerse(frame: Buffer, from: number, plain: PlainPacking): WireMessage | undefined {
  data = frame;
  at = from + TERSE_HEAD_BYTES;
  end = terseEnd(frame, from);
  isBad = end > frame.length || at === end;
  if (isBad) return undefined;
  const message = read(plain);
  return isBad || at !== end ? undefined : message;
}

function read(plain: PlainPacking): WireMessage | undefined {
  switch (data[at++]) {
    case TERSE_KINDS.attempt:
      return readAttempt(plain);
    case TERSE_KINDS.success: {
      const flags = readByte(3);
      const of = readAttemptName();
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
      return { type: 'attempt-ended', of, outcome };
    }
    case TERSE_KINDS.start:
      return { type: 'attempt-started', of: readAttemptName(), slot: readNumber() };
    case TERSE_KINDS.begun: {
      const runId = readRunId();
      const dagId = readName();
      return { type: 'run-begun', runId, epoch: readNumber(), dagId };
    }
    case TERSE_KINDS.end: {
      const runId = readRunId();
      const epoch = readNumber();
      const retainMs = readAmount();
      return { type: 'end-run', runId, epoch, retainMs, isInterrupted: readByte(1) === 1 };
    }
    default:
      return undefined;
  }
}

function readAttempt(plain: PlainPacking): RunAttempt | undefined {
  const pattern = readPattern(plain);
  if (!pattern) return undefined;
  const of = readAttemptName();
  const element = readNumber();
  const index = readNumber();
  const count = readNumber();
  if (count > end - at) return undefined;
  const inputs: TerseRider[] = [];
  for (let left = count; left > 0; left -= 1) inputs.push(readRider());
  const extra = readByte(1) === 1 ? readRider() : null;
  const { message, step } = pattern;
  const { dagId, since, cost, mayQueue, isAhead, timeoutMs, stopGraceMs, recording } = message;
  const { isolation, module, name, role, asList, wanted, sole, shape, gist, digested } = step;
  return {
    type: 'run-attempt',
    of,
    dagId,
    since,
    element: element === 0 ? null : element - 1,
    cost,
    mayQueue,
    isAhead,
    steps: [{ role, functionId: of[1], isolation, module, name, inputs, asList, extra, wanted, sole, shape, gist, digested }],
    timeoutMs,
    stopGraceMs,
    recording: recording && { index, isSynced: recording.isSynced, isCopied: recording.isCopied },
    origin: null,
  };
}

/** The latest patterns, the last one first. */
const heard: HeardPattern[] = [];

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
  if (typeof values === 'string' || values.length !== 1 || !Array.isArray(values[0]) || values[0].length !== 18) return undefined;
  const [dagId, since, cost, mayQueue, isAhead, timeoutMs, stopGraceMs, recorded, ...own] = values[0] as unknown[];
  const [isolation, module, name, role, asList, wanted, sole, shape, gist, digested] = own;
  if (recorded !== null && !(Array.isArray(recorded) && recorded.length === 2)) return undefined;
  const recording = recorded && { index: 0, isSynced: recorded[0] as unknown, isCopied: recorded[1] as unknown };
  const step = { role, functionId: 'any', isolation, module, name, inputs: [], asList, extra: null, wanted, sole, shape, gist, digested };
  const rest = { dagId, since, element: null, cost, mayQueue, isAhead, timeoutMs, stopGraceMs, recording, origin: null };
  const message = { type: 'run-attempt', of: ['any', 'any', 1, 1], steps: [step], ...rest };
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

function readRider(): TerseRider {
  const freeze = readByte(1) === 1;
  return { packed: readBytes(), freeze };
}

/** A copy, so that it does not keep its frame. */
function readBytes(): Uint8Array {
  const length = readNumber();
  if (length > end - at) isBad = true;
  const bytes = new Uint8Array(isBad ? 0 : length);
  if (bytes.length > CALL_BYTES) data.copy(bytes, 0, at);
  else for (let byte = 0; byte < bytes.length; byte += 1) bytes[byte] = data[at + byte]!;
  at += length;
  return bytes;
}

function readName(): string {
  const length = readNumber();
  const from = at;
  at += length;
  if (length === 0 || length > LONGEST_TERSE_NAME || at > end) isBad = true;
  if (isBad) return '';
  for (let byte = from; byte < at; byte += 1) if (data[byte]! >= 0x80) isBad = true;
  return data.toString('latin1', from, at);
}

const readAttemptName = (): AttemptName => [readRunId(), readName(), readNumber(), readNumber()];

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
