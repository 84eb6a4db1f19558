import { checkedPhases } from '../attempts/checked-phases.js';
import { type Crossing, type FromWorker, isPlain, type ShortAnswer } from './worker-messages.js';

/**
 * Checks everything that comes from a thread or process of a pool. Returns the message, or `undefined` if the engine's own code there would
 * not send it. User code has then found the channel, and the message is dropped. Never throws.
 */
export function fromWorker(data: unknown): FromWorker | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  if (Array.isArray(data)) return fromShort(data);
  const message = data as { [F in string]?: unknown };
  return isWellFormed(message) ? (message as unknown as FromWorker) : undefined;
}

function fromShort(data: readonly unknown[]): FromWorker | undefined {
  const [key, tookMs, value] = data as ShortAnswer;
  if (data.length !== 3 || !isKey(key) || !isTime(tookMs) || !isCrossing(value)) return undefined;
  return { type: 'succeeded', key, values: [value], tookMs };
}

function isWellFormed(message: { readonly [F in string]?: unknown }): boolean {
  switch (message.type) {
    case 'ready':
      return true;
    case 'not-ready':
      return message.error === null || message.error instanceof Uint8Array;
    case 'succeeded':
      return (
        isKey(message.key) &&
        isTime(message.tookMs) &&
        Array.isArray(message.values) &&
        message.values.every(isCrossing) &&
        arePhases(message.phases)
      );
    case 'failed':
      return (
        isKey(message.key) &&
        (message.error === null || message.error instanceof Uint8Array) &&
        (message.spoilt === null || typeof message.spoilt === 'string') &&
        typeof message.final === 'boolean' &&
        typeof message.retire === 'boolean' &&
        isBlame(message.blame) &&
        arePhases(message.phases)
      );
    case 'unread':
      return isKey(message.key);
    case 'line':
      return isContext(message.context) && (message.stream === 'stdout' || message.stream === 'stderr') && typeof message.text === 'string';
    case 'exiting':
      return typeof message.code === 'number' && isBlame(message.blame);
    default:
      return false;
  }
}

const isKey = (value: unknown): boolean => typeof value === 'number';
const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const arePhases = (value: unknown): boolean => value === undefined || checkedPhases(value) !== undefined;
const isBlame = (value: unknown): boolean => value === 'own' || value === 'other' || value === 'unsure';
const isCrossing = (value: unknown): value is Crossing => isPlain(value) || value instanceof Uint8Array;

function isContext(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { dagId, runId, functionId, attempt, node } = value as { [F in string]?: unknown };
  return [dagId, runId, functionId, node].every((text) => typeof text === 'string') && typeof attempt === 'number';
}
