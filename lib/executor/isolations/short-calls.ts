import type { StoredValue } from '../../value/index.js';
import type { IsolationCall } from '../attempts/attempt.js';
import { filePlaceOf } from '../values/unread-file.js';
import { type Crossing, isPlain, isShort, type PlainValue, type ShortCall, type WorkerCall } from './worker-messages.js';

/** Longer lists of constants are packed. */
const MOST_CONSTANTS = 32;

const NONE: readonly never[] = [];

/** Returns a list of constants if each of them crosses as it is. */
export function plainConstants(held: StoredValue): readonly PlainValue[] | undefined {
  if (held.isPacked) return undefined;
  const list = held.open(false);
  if (!Array.isArray(list) || list.length > MOST_CONSTANTS || !list.every(isPlain)) return undefined;
  return Array.from(list);
}

/**
 * Returns the call in short, or `undefined` if it does not fit: it has several steps, or what few calls have. `freezes`: whether the worker
 * freezes what it opens. Throws `HANDOFF_NOT_SERIALIZABLE` for what cannot be packed.
 */
export function shortCallOf(key: number, { context, steps, trace }: IsolationCall, freezes: boolean): ShortCall | undefined {
  if (steps.length !== 1 || trace || context.since !== undefined || context.element !== undefined) return undefined;
  const { role, code, inputs, asList, extra, shape, gist, isDigested, functionId: of } = steps[0]!;
  const { dagId, runId, functionId, attempt } = context;
  if (typeof code === 'function' || role !== 'function' || asList || shape || gist !== undefined || isDigested || of !== functionId)
    return undefined;
  const constants = extra && plainConstants(extra);
  if (extra && !constants) return undefined;
  const crossing = inputs.length === 0 ? NONE : shortInputs(inputs as readonly StoredValue[], freezes);
  if (!crossing) return undefined;
  return [key, NO_PLACE, dagId, runId, functionId, attempt, code.module, code.name, crossing, constants];
}

/** The place of a call that does not lie. */
const NO_PLACE = -1;

function shortInputs(inputs: readonly StoredValue[], freezes: boolean): readonly Crossing[] | undefined {
  const crossing = new Array<Crossing>(inputs.length);
  for (let at = 0; at < inputs.length; at += 1) {
    const held = inputs[at]!;
    const plain = held.isPacked ? held : held.open(false);
    if (isPlain(plain)) {
      crossing[at] = plain;
      continue;
    }
    if ((freezes && held.origin !== 'result') || filePlaceOf(held)) return undefined;
    crossing[at] = held.pack(`argument ${at}`);
  }
  return crossing;
}

/** Says where a call lies. */
export function lyingAt(place: number, call: WorkerCall | ShortCall): WorkerCall | ShortCall {
  if (!isShort(call)) return { ...call, lies: place };
  const [key, , ...rest] = call;
  return [key, place, ...rest];
}
