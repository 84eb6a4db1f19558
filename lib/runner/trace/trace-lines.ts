import type { RunHappening } from '../brain/messages.js';
import type { Moment, PlanShape, RunPolicy, RunState } from '../brain/run-state.js';

/** The version of the format. A trace of another version is refused. */
export const TRACE_VERSION = 1;

/** What the first line of a trace says: which version it is of, and what the run is of. */
export interface TraceHeader {
  readonly handoffTrace: number;
  readonly runId: string;
  readonly plan: TracedPlan;
  readonly policy: Omit<RunPolicy, 'collected'> & { readonly collected: readonly number[] };
}

/** The shape of a plan: who waits for whom, and how functions are tried again. */
export interface TracedPlan {
  readonly dagId: string;
  readonly ids: readonly string[];
  /** By function, the indices of those it waits for. */
  readonly producers: readonly (readonly number[])[];
  readonly retries: readonly (readonly [index: number, rules: object])[];
}

/** The first line of the trace of a run. */
export function traceHeader({ runId, plan, policy }: RunState): string {
  const { dagId, ids, size, producers, producersStart, retries } = plan;
  const header: TraceHeader = {
    handoffTrace: TRACE_VERSION,
    runId,
    plan: {
      dagId,
      ids,
      producers: Array.from({ length: size }, (_, at) => [...producers.subarray(producersStart[at]!, producersStart[at + 1]!)]),
      retries: [...retries],
    },
    policy: { ...policy, collected: [...policy.collected.keys()].filter((index) => policy.collected[index] === 1) },
  };
  return JSON.stringify(header, asText);
}

/** One happening and its moment, as one line: `[nowMs, wallMs, happening]`, with bytes in base64. */
export const traceLine = (happening: RunHappening, { nowMs, wallMs }: Moment): string => JSON.stringify([nowMs, wallMs, happening], asText);

/** Buffers are objects by the time a replacer sees them: it is asked for the original. */
function asText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const own = this[key];
  if (own instanceof Uint8Array) return { $bytes: Buffer.from(own).toString('base64') };
  return typeof own === 'number' && !Number.isFinite(own) ? { $number: String(own) } : value;
}

/** The first line of a trace again. Throws `TypeError` for anything else. */
export function readHeader(line: string): TraceHeader {
  const header = parsed(line) as Partial<TraceHeader> | undefined;
  if (!isRecord(header) || header.handoffTrace === undefined) throw new TypeError('Cannot replay: the file is no trace of a run');
  if (header.handoffTrace !== TRACE_VERSION) {
    const given = JSON.stringify(header.handoffTrace);
    throw new TypeError(`Cannot replay: the trace is of version ${given}, and this handoff-dag reads version ${TRACE_VERSION}`);
  }
  const { plan, policy, runId } = header;
  if (typeof runId !== 'string' || !isPlan(plan) || !isPolicy(policy, plan.ids.length)) {
    throw new TypeError('Cannot replay: line 1 is damaged: it does not say what the run is of');
  }
  return header as TraceHeader;
}

/** The plan and the policy that a header tells of. */
export function stateFacts({ plan, policy }: TraceHeader): { plan: PlanShape; policy: RunPolicy } {
  const { dagId, ids } = plan;
  const size = ids.length;
  const dependents: number[][] = Array.from({ length: size }, () => []);
  for (const [consumer, producers] of plan.producers.entries()) for (const producer of producers) dependents[producer]!.push(consumer);
  const collected = new Uint8Array(size);
  for (const index of policy.collected) collected[index] = 1;
  return {
    plan: {
      dagId,
      size,
      ids,
      needsCount: Int32Array.from(plan.producers, ({ length }) => length),
      producersStart: startsOf(plan.producers),
      producers: Int32Array.from(plan.producers.flat()),
      dependentsStart: startsOf(dependents),
      dependents: Int32Array.from(dependents.flat()),
      retries: new Map(plan.retries.map(([index, rules]) => [index, { maxRetries: undefined, retry: undefined, ...rules }])),
    },
    policy: { ...policy, collected },
  };
}

function startsOf(lists: readonly (readonly unknown[])[]): Int32Array {
  const starts = new Int32Array(lists.length + 1);
  for (const [at, { length }] of lists.entries()) starts[at + 1] = starts[at]! + length;
  return starts;
}

/** A happening and its moment again; `undefined` for a line that is none, of a run of so many functions. */
export function readHappening(line: string, size: number): { happening: RunHappening; at: Moment } | undefined {
  const entry = parsed(line);
  if (!Array.isArray(entry) || entry.length !== 3) return undefined;
  const [nowMs, wallMs, happening] = entry as [unknown, unknown, unknown];
  if (!isNumber(nowMs) || !isNumber(wallMs) || !isRecord(happening)) return undefined;
  const fields =
    typeof happening.type === 'string' && Object.hasOwn(FIELDS, happening.type) ? FIELDS[happening.type as HappeningType] : undefined;
  if (!fields || !Object.entries(fields).every(([field, check]) => check(happening[field], size))) return undefined;
  return { happening: happening as unknown as RunHappening, at: { nowMs, wallMs } };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line, (_key, value: unknown) => {
      if (!isRecord(value) || Object.keys(value).length !== 1) return value;
      if (typeof value.$number === 'string') return Number(value.$number);
      return typeof value.$bytes === 'string' ? Uint8Array.from(Buffer.from(value.$bytes, 'base64')) : value;
    });
  } catch {
    return undefined;
  }
}

type Check = (value: unknown, size: number) => boolean;
type HappeningType = RunHappening['type'];

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isFlag: Check = (value) => typeof value === 'boolean';
const isIndex = (value: unknown, size: number): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) < size;
const areIndices = (value: unknown, size: number): boolean => Array.isArray(value) && value.every((one) => isIndex(one, size));
const isError: Check = (value) => isRecord(value) && isText(value.text, 0) && value.packed instanceof Uint8Array;
const isReceipt: Check = (value) =>
  isRecord(value) && isText(value.node, 0) && isNumber(value.sizeBytes) && isNumber(value.tookMs) && isFlag(value.isHere, 0);
const areAttempts = (value: unknown, size: number): boolean =>
  Array.isArray(value) && value.every((one) => isRecord(one) && isIndex(one.index, size) && isNumber(one.attempt));
const isRecalled = (value: unknown, size: number): boolean =>
  isRecord(value) &&
  isIndex(value.index, size) &&
  isNumber(value.attempt) &&
  isText(value.node, 0) &&
  isNumber(value.sizeBytes) &&
  isNumber(value.tookMs) &&
  isFlag(value.hasValue, 0);
const isRecollection: Check = (value, size) => {
  if (value === undefined) return true;
  if (!isRecord(value) || !Array.isArray(value.successes) || !Array.isArray(value.reasons)) return false;
  const isReason = (one: unknown): boolean => Array.isArray(one) && isIndex(one[0], size) && isText(one[1], 0);
  return value.successes.every((one) => isRecalled(one, size)) && value.reasons.every(isReason) && isText(value.tells, 0);
};
const ATTEMPT = { index: isIndex, attempt: isNumber } as const;

/** What each happening must have, so that the brain can take it. */
const FIELDS: Readonly<Record<HappeningType, Readonly<Record<string, Check>>>> = {
  'run-begun': { recalled: isRecollection },
  'turn-taken': {},
  'function-placed': { index: isIndex, node: isText, mayQueue: isFlag },
  'functions-waited': { indices: areIndices, lacking: isRecord },
  'placement-refused': { index: isIndex, error: isError },
  'node-missed': { index: isIndex, node: isText, waitedMs: isNumber },
  'attempt-started': ATTEMPT,
  'attempt-succeeded': { ...ATTEMPT, receipt: isReceipt },
  'attempt-failed': { ...ATTEMPT, error: isError, final: isFlag, random: isNumber },
  'attempt-stopped': ATTEMPT,
  'attempt-declined': ATTEMPT,
  'attempt-lost': ATTEMPT,
  'argument-lost': { ...ATTEMPT, producer: isIndex, error: isError },
  'successes-recorded': { successes: areAttempts },
  'journal-lost': { error: isError },
  'values-lost': { indices: areIndices },
  'value-fetched': ATTEMPT,
  'value-missing': { ...ATTEMPT, error: isError },
  'function-rested': ATTEMPT,
  'run-ending': { error: isError, graceMs: isNumber },
  'run-abandoned': { error: isError },
};

function isPlan(value: unknown): value is TracedPlan {
  if (!isRecord(value) || !isText(value.dagId, 0) || !Array.isArray(value.ids) || !Array.isArray(value.producers)) return false;
  const size = value.ids.length;
  if (!value.ids.every((id) => isText(id, 0)) || value.producers.length !== size) return false;
  const isRetry = (one: unknown): boolean => Array.isArray(one) && isIndex(one[0], size) && isRecord(one[1]);
  return value.producers.every((one) => areIndices(one, size)) && Array.isArray(value.retries) && value.retries.every(isRetry);
}

const isPolicy = (value: unknown, size: number): boolean =>
  isRecord(value) &&
  isNumber(value.maxRetries) &&
  isNumber(value.stopGraceMs) &&
  (value.journal === undefined || isText(value.journal, 0)) &&
  (value.onFailure === 'abort' || value.onFailure === 'continue') &&
  areIndices(value.collected, size);
