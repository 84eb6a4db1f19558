import type { StoredValue } from '../../value/index.js';
import type { CallStep, IsolationCall } from '../attempts/attempt.js';
import type { TraceContext } from '../tracing/trace-context.js';
import { filePlaceOf } from '../values/unread-file.js';
import {
  type Crossing,
  type CrossingInput,
  isPlain,
  isShort,
  type PlainValue,
  type ShortCall,
  type WorkerCall,
  type WorkerStep,
} from './worker-messages.js';

/** Longer lists of constants are packed. */
const MOST_CONSTANTS = 32;

const NONE: readonly never[] = [];

/**
 * Returns a call as it crosses to a worker, in short if it fits. `freezes`: whether the worker freezes what it opens. `noun`: the word for
 * a worker. Throws `HANDOFF_NOT_SERIALIZABLE` for what cannot be packed, and a `TypeError` for code that is a plain function.
 */
export const packedCall = (key: number, call: IsolationCall, freezes: boolean, noun: string): WorkerCall | ShortCall =>
  shortCall(key, call, freezes) ?? longCall(key, call, freezes, noun);

/** Returns a list of constants if each of them crosses as it is. */
function plainConstants(held: StoredValue): readonly PlainValue[] | undefined {
  if (held.isPacked) return undefined;
  const list = held.open(false);
  if (!Array.isArray(list) || list.length > MOST_CONSTANTS || !list.every(isPlain)) return undefined;
  return Array.from(list);
}

/** Returns `undefined` for a call that does not fit: it has several steps, or what few calls have. */
function shortCall(key: number, { context, steps, trace }: IsolationCall, freezes: boolean): ShortCall | undefined {
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

function longCall(key: number, { context, steps, trace }: IsolationCall, freezes: boolean, noun: string): WorkerCall {
  const { dagId, runId, functionId, attempt, since, element } = context;
  const packed = steps.map((step) => packedStep(step, functionId, freezes, noun));
  const call: { -readonly [F in keyof WorkerCall]: WorkerCall[F] } = {
    type: 'call',
    key,
    dagId,
    runId,
    functionId,
    attempt,
    steps: packed,
  };
  if (packed.some(readsFiles)) call.readsFiles = true;
  if (since !== undefined) call.since = since;
  if (element !== undefined) call.element = element;
  if (trace) call.trace = plainTrace(trace);
  return call;
}

function packedStep(given: CallStep, consumer: string, freezes: boolean, noun: string): WorkerStep {
  const { role, functionId, code, inputs, asList, extra, wanted, shape, gist, isDigested } = given;
  if (typeof code === 'function') throw new TypeError(`Cannot run "${functionId}" in a ${noun}: it is a plain function`);
  const step: { -readonly [F in keyof WorkerStep]: WorkerStep[F] } = { module: code.module, name: code.name };
  if (role !== 'function') step.role = role;
  if (functionId !== consumer) step.functionId = functionId;
  if (inputs.length > 0)
    step.inputs = inputs.map((input, at) => (typeof input === 'number' ? input : crossingInput(input, `argument ${at}`, freezes)));
  if (asList) step.asList = true;
  if (extra) {
    const constants = plainConstants(extra);
    step.extra = constants ? { value: constants, freeze: false } : crossingInput(extra, 'extraArgs', freezes);
  }
  if (wanted) step.wanted = true;
  if (shape) step.shape = shape;
  if (gist !== undefined) step.gist = gist;
  if (isDigested) step.isDigested = true;
  return step;
}

function crossingInput(held: StoredValue, where: string, freezes: boolean): CrossingInput {
  const freeze = freezes && held.origin === 'result';
  const place = filePlaceOf(held);
  if (place) return { value: undefined, place, freeze };
  const plain = held.isPacked ? held : held.open(false);
  return { value: isPlain(plain) ? plain : held.pack(where), freeze };
}

const readsFiles = ({ inputs = NONE, extra }: WorkerStep): boolean =>
  extra?.place !== undefined || inputs.some((input) => typeof input !== 'number' && input.place !== undefined);

/** Returns what crosses of a trace. */
const plainTrace = ({ traceparent, tracestate }: TraceContext): TraceContext => ({ traceparent, tracestate });

/** Says where a call lies. */
export function lyingAt(place: number, call: WorkerCall | ShortCall): WorkerCall | ShortCall {
  if (!isShort(call)) return { ...call, lies: place };
  const [key, , ...rest] = call;
  return [key, place, ...rest];
}
