import type { AttemptName, WireMessage, WireMessageOf } from './messages.js';

/**
 * The terse forms of the messages that each small function or run costs: an attempt of one step, its start and its success, the beginning
 * and the end of a run. As maps they are the larger part of what a small function costs at both ends, most of it for names of fields, and
 * for texts that all functions of a DAG have in common. A terse message is a MessagePack value of bytes among the others of its frame, and
 * means the same as the map. Whatever has no terse form goes as a map.
 *
 * What attempts have in common is their pattern, a message without what differs. It is in each of them, so that no message depends on
 * another. Both ends remember the last patterns, so neither packs nor reads one that it has just seen.
 */

type RunAttempt = WireMessageOf<'run-attempt'>;
type Step = RunAttempt['steps'][number];

/** A value that rides along with an attempt. */
export type TerseRider = { readonly packed: Uint8Array; readonly freeze: boolean };

/** The first byte of a terse message as MessagePack has it: bytes, with a length of 16 bits. */
const TERSE = 0xc5;

/** The length of that byte and of the length behind it. */
export const TERSE_HEAD_BYTES = 3;

/** What follows: which terse form it is. */
export const TERSE_KINDS = { attempt: 1, success: 2, start: 3, begun: 4, end: 5 } as const;

/** The longest name in a terse message. */
export const LONGEST_TERSE_NAME = 1000;

/** The longest terse message, bytes. */
const MOST_BYTES = 32 * 1024;
/** All but the name, the pattern and what rides along take less than this. */
const FIXED_BYTES = 128;

/** How many patterns each end remembers. */
export const KNOWN_PATTERNS = 8;

/** Packs and unpacks MessagePack. */
export interface PlainPacking {
  pack(value: unknown): Uint8Array;
  /** Returns the values in the bytes; a text if they are not allowed. */
  unpack(bytes: Uint8Array): readonly unknown[] | string;
}

const scratch = Buffer.allocUnsafeSlow(MOST_BYTES + TERSE_HEAD_BYTES + 1);
/** Where the next byte is written. */
let to = 0;

/** Returns the frame of a message in its terse form, beginning with `kind`; `undefined` if it has none. */
export function terseFrame(message: WireMessage, kind: number, plain: PlainPacking): Buffer | undefined {
  to = 1 + TERSE_HEAD_BYTES;
  if (!isWritten(message, plain)) return undefined;
  const bytes = to - 1 - TERSE_HEAD_BYTES;
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
      if (packed.length > MOST_BYTES - 2 * LONGEST_TERSE_NAME - FIXED_BYTES || !isNumber(sizeBytes) || !isNumber(slot)) return false;
      scratch[to++] = TERSE_KINDS.success;
      scratch[to++] = (fits ? 1 : 0) + (phases ? 2 : 0);
      if (!isAttemptNameWritten(of)) return false;
      writeNumber(sizeBytes);
      writeNumber(slot);
      writeDouble(tookMs);
      if (phases) for (const ms of phases) writeDouble(ms);
      writeBytes(packed);
      return true;
    }
    case 'attempt-started': {
      const { of, slot } = message;
      scratch[to++] = TERSE_KINDS.start;
      if (!isAttemptNameWritten(of) || !isNumber(slot)) return false;
      writeNumber(slot);
      return true;
    }
    case 'run-begun': {
      const { runId, epoch, dagId } = message;
      scratch[to++] = TERSE_KINDS.begun;
      if (!isNameWritten(runId) || !isNameWritten(dagId) || !isNumber(epoch)) return false;
      writeNumber(epoch);
      return true;
    }
    case 'end-run': {
      const { runId, epoch, retainMs, isInterrupted } = message;
      scratch[to++] = TERSE_KINDS.end;
      if (!isNameWritten(runId) || !isNumber(epoch)) return false;
      writeNumber(epoch);
      writeDouble(retainMs);
      scratch[to++] = isInterrupted ? 1 : 0;
      return true;
    }
    default:
      return false;
  }
}

/** Its pattern, then what differs: the names, the number of the attempt, the place of an element, and what rides along. */
function isAttemptWritten(message: RunAttempt, plain: PlainPacking): boolean {
  const { of, steps, element, recording, origin } = message;
  const step = steps[0];
  if (steps.length !== 1 || origin || step!.functionId !== of[1]) return false;
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
  if (pattern.length + ridingBytes > MOST_BYTES - 2 * LONGEST_TERSE_NAME - FIXED_BYTES) return false;
  scratch[to++] = TERSE_KINDS.attempt;
  writeBytes(pattern);
  if (!isAttemptNameWritten(of)) return false;
  writeNumber(element === null ? 0 : element + 1);
  writeNumber(recording ? recording.index : 0);
  writeNumber(inputs.length);
  for (const input of inputs) writeRider(input as TerseRider);
  scratch[to++] = extra ? 1 : 0;
  if (extra) writeRider(extra as TerseRider);
  return true;
}

function writeRider({ packed, freeze }: TerseRider): void {
  scratch[to++] = freeze ? 1 : 0;
  writeBytes(packed);
}

interface SentPattern {
  readonly message: RunAttempt;
  readonly step: Step;
  readonly bytes: Uint8Array;
}

/** The latest patterns, the last one first. */
const sent: SentPattern[] = [];

function patternOf(message: RunAttempt, step: Step, plain: PlainPacking): Uint8Array {
  for (let at = 0; at < sent.length; at += 1) {
    const known = sent[at]!;
    if (!isAlike(known, message, step)) continue;
    if (at > 0) sent.unshift(...sent.splice(at, 1));
    return known.bytes;
  }
  const { dagId, since, cost, mayQueue, isAhead, timeoutMs, stopGraceMs, recording } = message;
  const { isolation, module, name, role, asList, wanted, sole, shape, gist, digested } = step;
  const own = [isolation, module, name, role, asList, wanted, sole, shape, gist, digested];
  const recorded = recording && [recording.isSynced, recording.isCopied];
  const bytes = plain.pack([dagId, since, cost, mayQueue, isAhead, timeoutMs, stopGraceMs, recorded, ...own]);
  sent.unshift({ message: { ...message, steps: [] }, step: { ...step, inputs: [], extra: null }, bytes });
  if (sent.length > KNOWN_PATTERNS) sent.pop();
  return bytes;
}

function isAlike({ message: a, step: one }: SentPattern, b: RunAttempt, other: Step): boolean {
  return (
    one.name === other.name &&
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
    a.isAhead === b.isAhead &&
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

function isAttemptNameWritten([runId, functionId, attempt, epoch]: AttemptName): boolean {
  if (!isNameWritten(runId) || !isNameWritten(functionId) || !isNumber(attempt) || !isNumber(epoch)) return false;
  writeNumber(attempt);
  writeNumber(epoch);
  return true;
}

/** Only names of ASCII characters are written here. */
function isNameWritten(name: string): boolean {
  const { length } = name;
  if (length > LONGEST_TERSE_NAME) return false;
  writeNumber(length);
  for (let at = 0; at < length; at += 1) {
    const code = name.charCodeAt(at);
    if (code >= 0x80) return false;
    scratch[to++] = code;
  }
  return true;
}
