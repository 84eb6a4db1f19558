import { canGrow, growingShape, type PlanCaching, type PlanGrowth, type PlanShape } from '../../dag/index.js';
import { type Shape, shapes } from '../../peer/index.js';
import type { RunHappening } from '../brain/messages.js';
import type { Moment, RunPolicy, RunState } from '../brain/run-state.js';
import { fragmentShape, isCaching, isGrowth } from './traced-growth.js';

/** The version of the format. A trace of another version is refused. */
export const TRACE_VERSION = 3;

/** The first line of a trace: the version of the format, and what the run executes. */
export interface TraceHeader {
  readonly handoffTrace: number;
  readonly runId: string;
  readonly plan: TracedPlan;
  readonly policy: Omit<RunPolicy, 'collected'> & { readonly collected: readonly number[] };
}

/** The shape of a plan: which function waits for which others, and how each is tried again. */
export interface TracedPlan {
  readonly dagId: string;
  readonly ids: readonly string[];
  /** By function, the indices of those it waits for. */
  readonly producers: readonly (readonly number[])[];
  readonly retries: readonly (readonly [index: number, rules: object])[];
  /** How it branches and grows, if it does. */
  readonly growth?: PlanGrowth | undefined;
  /** Which results are remembered, if any are. */
  readonly caching?: PlanCaching | undefined;
}

/** Returns the first line of the trace of a run. */
export function traceHeader({ runId, plan, policy }: RunState): string {
  const { dagId, ids, size, producers, producersStart, retries, growth, caching } = plan;
  const header: TraceHeader = {
    handoffTrace: TRACE_VERSION,
    runId,
    plan: {
      dagId,
      ids,
      producers: Array.from({ length: size }, (_, at) => [...producers.subarray(producersStart[at]!, producersStart[at + 1]!)]),
      retries: [...retries],
      growth,
      caching,
    },
    policy: { ...policy, collected: [...policy.collected.keys()].filter((index) => policy.collected[index] === 1) },
  };
  return JSON.stringify(header, asText);
}

/**
 * Returns a happening and its moment as the line with this number: `[number, nowMs, wallMs, happening]`, with bytes in base64. Line 1 is
 * the header.
 */
export const traceLine = (number: number, happening: RunHappening, { nowMs, wallMs }: Moment): string =>
  JSON.stringify([number, nowMs, wallMs, happening], asText);

/** For `JSON.stringify`. By the time it is called, a Buffer has become a plain object, so it reads the original from `this`. */
function asText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const own = this[key];
  if (own instanceof Map) return { $map: [...own] };
  if (own instanceof Set) return { $set: [...own] };
  if (own instanceof Int32Array) return { $integers: [...own] };
  if (own instanceof Uint8Array) return { $bytes: Buffer.from(own).toString('base64') };
  if (Object.is(own, -0)) return { $number: '-0' };
  return typeof own === 'number' && !Number.isFinite(own) ? { $number: String(own) } : value;
}

/** Reads the first line of a trace. Throws `TypeError` for anything else. */
export function readHeader(line: string): TraceHeader {
  const header = parsed(line);
  if (!isRecord(header) || header.handoffTrace === undefined) throw new TypeError('Cannot replay: the file is no recording of a run');
  if (header.handoffTrace !== TRACE_VERSION) {
    const given = JSON.stringify(header.handoffTrace);
    throw new TypeError(`Cannot replay: the recording is of version ${given}, and this handoff-dag reads version ${TRACE_VERSION}`);
  }
  if (isHeader(header)) return header;
  throw new TypeError('Cannot replay: line 1 is damaged: it does not say what the run is of');
}

/** Returns the plan and the policy of a header, as the brain has them. */
export function stateFacts({ plan, policy }: TraceHeader): { plan: PlanShape; policy: RunPolicy } {
  const { dagId, ids, growth, caching } = plan;
  const size = ids.length;
  const dependents: number[][] = Array.from({ length: size }, () => []);
  for (const [consumer, producers] of plan.producers.entries()) for (const producer of producers) dependents[producer]!.push(consumer);
  const collected = new Uint8Array(size);
  for (const index of policy.collected) collected[index] = 1;
  const shape: PlanShape = {
    dagId,
    size,
    ids,
    needsCount: Int32Array.from(plan.producers, ({ length }) => length),
    producersStart: startsOf(plan.producers),
    producers: Int32Array.from(plan.producers.flat()),
    dependentsStart: startsOf(dependents),
    dependents: Int32Array.from(dependents.flat()),
    retries: new Map(plan.retries.map(([index, rules]) => [index, { maxRetries: undefined, retry: undefined, ...rules }])),
    growth,
    caching,
    added: undefined,
  };
  return { plan: canGrow(growth) ? growingShape(shape) : shape, policy: { ...policy, collected } };
}

function startsOf(lists: readonly (readonly unknown[])[]): Int32Array {
  const starts = new Int32Array(lists.length + 1);
  for (const [at, { length }] of lists.entries()) starts[at + 1] = starts[at]! + length;
  return starts;
}

/** Reads a happening, its moment, and the number of its line. Returns `undefined` for any other line. */
export function readHappening(line: string, byType: HappeningShapes): TracedHappening | undefined {
  const entry = parsed(line);
  if (!Array.isArray(entry) || entry.length !== 4) return undefined;
  const [number, nowMs, wallMs, happening] = entry as [unknown, unknown, unknown, unknown];
  if (!Number.isSafeInteger(number) || typeof nowMs !== 'number' || typeof wallMs !== 'number' || !isRecord(happening)) return undefined;
  const shape = byType.get(happening.type);
  if (!shape || shape(happening) !== undefined) return undefined;
  return { number: number as number, happening: happening as unknown as RunHappening, at: { nowMs, wallMs } };
}

/** A happening as a trace has it: with its moment, and the number that its line was written as. */
export interface TracedHappening {
  readonly number: number;
  readonly happening: RunHappening;
  readonly at: Moment;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(line: string): unknown {
  try {
    return JSON.parse(line, (_key, value: unknown) => {
      if (!isRecord(value) || Object.keys(value).length !== 1) return value;
      if (typeof value.$number === 'string') return Number(value.$number);
      if (Array.isArray(value.$map)) return new Map(value.$map as [unknown, unknown][]);
      if (Array.isArray(value.$set)) return new Set(value.$set);
      if (Array.isArray(value.$integers)) return Int32Array.from(value.$integers as number[]);
      return typeof value.$bytes === 'string' ? Uint8Array.from(Buffer.from(value.$bytes, 'base64')) : value;
    });
  } catch {
    return undefined;
  }
}

const { bytes, flag, list, object, text, tuple } = shapes;
const open = (fields: Readonly<Record<string, Shape<unknown>>>): Shape<unknown> => object(fields, { open: true });

const WRONG = '';
/** Any number: a trace has also those that JSON does not have. */
const number: Shape<number> = (value) => (typeof value === 'number' ? undefined : WRONG);
/** The number of one of the functions of a plan, which may grow. */
const indexIn =
  (plan: { readonly size: number }): Shape<number> =>
  (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < plan.size ? undefined : WRONG;
const optional =
  (shape: Shape<unknown>): Shape<unknown> =>
  (value) =>
    value === undefined ? undefined : shape(value);

const THROWN = open({ text, packed: bytes });
const FACTS = { gist: optional(open({ isTruthy: flag })), split: optional(open({})), digest: optional(text) };
/** Older traces of this version have none. */
const MEASURED = { slot: optional(number), phases: optional(open({ loadMs: number, runMs: number, packMs: number })) };
const RECEIPT = open({ node: text, sizeBytes: number, tookMs: number, isHere: flag, ...FACTS, ...MEASURED });

/** Returns for each type of happening the fields that the brain needs, in a run of this plan. */
export function happeningShapes(plan: PlanShape): HappeningShapes {
  const index = indexIn(plan);
  const attempt = { index, attempt: number };
  const success = { ...attempt, node: text, sizeBytes: number, tookMs: number, hasValue: flag, ...FACTS };
  const adopted = optional(list(open({ ...attempt, node: text })));
  const recalled = optional(open({ successes: list(open(success)), reasons: list(tuple(index, text)), tells: text, adopted }));
  const fields: Readonly<Record<RunHappening['type'], Readonly<Record<string, Shape<unknown>>>>> = {
    'run-begun': { recalled, inputs: optional(list(tuple(number, open(FACTS)))) },
    'turn-taken': {},
    'functions-added': {
      added: fragmentShape,
      recalled: optional(list(open({ ...success, index: number }))),
      failures: optional(list(open({ index: number, attempt: number, failure: open({}) }))),
      reasons: optional(list(tuple(number, text))),
    },
    'growth-refused': { index, error: optional(open({})) },
    'function-placed': { index, node: text, mayQueue: flag },
    'functions-waited': { indices: list(index), lacking: open({}) },
    'placement-refused': { index, error: THROWN },
    'node-missed': { index, node: optional(text), waitedMs: number },
    'attempt-started': attempt,
    'attempt-succeeded': { ...attempt, receipt: RECEIPT },
    'attempt-failed': { ...attempt, error: THROWN, final: flag, random: number, ...MEASURED },
    'attempt-stopped': { ...attempt, ...MEASURED },
    'attempt-declined': attempt,
    'attempt-lost': { ...attempt, ...MEASURED },
    'argument-lost': { ...attempt, producer: index, error: THROWN, isHere: optional(flag) },
    'successes-recorded': { successes: list(open(attempt)) },
    'journal-lost': { error: THROWN },
    'values-lost': { indices: list(index) },
    'value-fetched': attempt,
    'value-missing': { ...attempt, error: THROWN },
    'function-rested': attempt,
    'result-remembered': { index, node: text, sizeBytes: number, isHere: flag, ...FACTS },
    'result-not-remembered': { index },
    'run-ending': { error: THROWN, graceMs: number },
    'run-abandoned': { error: THROWN },
  };
  return new Map(Object.entries(fields).map(([type, needed]) => [type, open(needed)]));
}

/** By type of happening, the shape that it must have. */
export type HappeningShapes = ReadonlyMap<unknown, Shape<unknown>>;

const HEAD = open({ runId: text, plan: open({ dagId: text, ids: list(text) }) });

function isHeader(value: unknown): value is TraceHeader {
  if (HEAD(value) !== undefined) return false;
  const { plan } = value as TraceHeader;
  const index = indexIn({ size: plan.ids.length });
  const wiring = open({ producers: list(list(index)), retries: list(tuple(index, open({}))) });
  const policy = open({
    maxRetries: number,
    stopGraceMs: number,
    journal: optional(text),
    onFailure: shapes.word('abort', 'continue'),
    collected: list(index),
  });
  if (plan.growth !== undefined && !isGrowth(plan.growth)) return false;
  if (plan.caching !== undefined && !isCaching(plan.caching)) return false;
  return open({ plan: wiring, policy })(value) === undefined && plan.producers.length === plan.ids.length;
}
