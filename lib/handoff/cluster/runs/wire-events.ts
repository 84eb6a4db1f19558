import { HandoffError } from '../../../base/index.js';
import { shapes } from '../../../peer/index.js';
import { type CompletedEvent, type EventCursor, type EventPosition, type Phases, type RunEvent, recordOf } from '../../../runner/index.js';
import { packThrown, unpackError } from '../../../value/index.js';

/** The most events in one answer, and the bytes from which on an answer is full. */
const MOST_EVENTS = 1000;
const FULL_BYTES = 64 * 1024;

/** The most bytes of one error. */
const ERROR_BYTES = 64 * 1024;

/** The most functions whose node a `run-completed` names, and the most bytes of the errors of optional functions that it carries. */
const MOST_ALLOCATIONS = 20_000;
const FAILURES_BYTES = 1024 * 1024;

/** What one event takes besides its texts, about, bytes. */
const EVENT_BYTES = 64;

const { amount, bytes, count, flag, id, list, nullable, number, object, text, tuple, variants, word } = shapes;

/** The six phases of an attempt, in their order: as an object they would be most of an event. */
const phases = tuple(number, number, number, number, number, number);
type WirePhases = shapes.Of<typeof phases>;
const attempt = { atMs: number, functionId: id, attempt: count };

/** One event on the wire: names are never keys, errors are packed, what is absent is `null`. */
const wireEvent = variants('type', {
  'run-started': { atMs: number, total: count },
  'function-ready': {
    atMs: number,
    functionId: id,
    because: nullable(word('code', 'constants', 'wiring', 'inputs', 'producer', 'value-lost', 'failed', 'asked')),
  },
  'function-waiting': { atMs: number, functionId: id, for: list(tuple(id, number), 1100) },
  'function-started': { ...attempt, node: id },
  'function-succeeded': {
    ...attempt,
    node: id,
    tookMs: number,
    sizeBytes: count,
    source: word('run', 'journal', 'cache'),
    phases: nullable(phases),
  },
  'function-resting': { ...attempt, error: bytes, delayMs: number, phases: nullable(phases) },
  'function-failed': { ...attempt, error: bytes, phases: nullable(phases) },
  'function-skipped': { atMs: number, functionId: id, reason: word('not-taken', 'producer-failed') },
  'function-cancelled': { atMs: number, functionId: id },
  'functions-added': { atMs: number, by: id, count },
  'function-output': { ...attempt, node: id, stream: word('stdout', 'stderr'), line: text },
  'events-missed': { atMs: number, count },
  'function-lost': { ...attempt, node: id },
  'run-completed': {
    atMs: number,
    durationMs: number,
    allocations: list(tuple(id, id), MOST_ALLOCATIONS),
    failures: list(tuple(id, bytes), MOST_ALLOCATIONS),
  },
  'run-failed': { atMs: number, error: bytes },
});
type WireEvent = shapes.Of<typeof wireEvent>;

/** The answer to `watch-run`: what came next, where the reader stands now, and whether that is all. */
const eventBatch = object({ dagId: id, events: list(wireEvent, MOST_EVENTS), next: tuple(amount, count, count), isOver: flag });

/** Events on their way to a reader on another node. */
export interface EventBatch {
  readonly events: readonly RunEvent[];
  readonly next: EventPosition;
  /** Whether nothing follows. */
  readonly isOver: boolean;
}

/** Takes events of a run from a cursor for one answer, as many as it may hold. `isOver`: when the cursor is at its end, nothing follows. */
export function packEvents(cursor: EventCursor, dagId: string, isOver: boolean): unknown {
  const events: WireEvent[] = [];
  for (let sizeBytes = 0; events.length < MOST_EVENTS && sizeBytes < FULL_BYTES; ) {
    const event = cursor.next();
    if (!event) break;
    const packed = packEvent(event);
    events.push(packed);
    sizeBytes += sizeOf(packed);
  }
  const { log, event, line } = cursor.position;
  const batch: shapes.Of<typeof eventBatch> = { dagId, events, next: [log, event, line], isOver: isOver && !cursor.hasMore };
  return batch;
}

/** Reads what `packEvents` made on another node. Throws `HANDOFF_BAD_MESSAGE` if it is something else. */
export function unpackEvents(from: string, runId: string, answer: unknown): EventBatch {
  const fault = eventBatch(answer);
  if (fault !== undefined) {
    throw new HandoffError('HANDOFF_BAD_MESSAGE', `Node "${from}" has sent invalid events: ${fault || 'no list'}`, { node: from, runId });
  }
  const { dagId, events, next, isOver } = answer as shapes.Of<typeof eventBatch>;
  const [log, event, line] = next;
  return { events: events.map((one) => openEvent({ runId, dagId }, one)), next: { log, event, line }, isOver };
}

function packEvent(event: RunEvent): WireEvent {
  const { runId: _run, dagId: _dag, ...rest } = event;
  switch (rest.type) {
    case 'function-ready':
      return { ...rest, because: rest.because ?? null };
    case 'function-waiting':
      return { ...rest, for: Object.entries(rest.for) };
    case 'function-succeeded':
      return { ...rest, phases: packPhases(rest.phases) };
    case 'function-resting':
    case 'function-failed':
      return { ...rest, error: packThrown(rest.error, ERROR_BYTES), phases: packPhases(rest.phases) };
    case 'run-failed':
      return { ...rest, error: packThrown(rest.error, ERROR_BYTES) };
    case 'run-completed': {
      const { type, atMs, durationMs, allocations, failures } = rest;
      const nodes = Object.entries(allocations);
      return { type, atMs, durationMs, allocations: nodes.length > MOST_ALLOCATIONS ? [] : nodes, failures: packFailures(failures) };
    }
    default:
      return rest;
  }
}

/** Packs as many errors as fit. Each has come with its `function-failed` before. */
function packFailures(failures: CompletedEvent['failures']): [string, Uint8Array][] {
  const packed: [string, Uint8Array][] = [];
  let leftBytes = FAILURES_BYTES;
  for (const [functionId, error] of Object.entries(failures)) {
    const bytes = packThrown(error, ERROR_BYTES);
    leftBytes -= bytes.byteLength + functionId.length;
    if (leftBytes < 0 || packed.length === MOST_ALLOCATIONS) break;
    packed.push([functionId, bytes]);
  }
  return packed;
}

function openEvent(of: { readonly runId: string; readonly dagId: string }, event: WireEvent): RunEvent {
  switch (event.type) {
    case 'function-ready': {
      const { because, ...rest } = event;
      return { ...of, ...rest, ...(because !== null && { because }) };
    }
    case 'function-waiting':
      return { ...of, ...event, for: recordOf(event.for) };
    case 'function-succeeded': {
      const { phases: known, ...rest } = event;
      return { ...of, ...rest, ...(known && { phases: openPhases(known) }) };
    }
    case 'function-resting': {
      const { error, phases: known, ...rest } = event;
      return { ...of, ...rest, error: unpackError(error), ...(known && { phases: openPhases(known) }) };
    }
    case 'function-failed': {
      const { error, phases: known, ...rest } = event;
      return { ...of, ...rest, error: failureOf(error), ...(known && { phases: openPhases(known) }) };
    }
    case 'run-failed':
      return { ...of, ...event, error: failureOf(event.error) };
    case 'run-completed': {
      const failures = event.failures.map(([functionId, error]) => [functionId, failureOf(error)] as const);
      return { ...of, ...event, results: {}, allocations: recordOf(event.allocations), failures: recordOf(failures) };
    }
    default:
      return { ...of, ...event };
  }
}

/** Returns the error of a function or a run. Whatever else a node may send is the cause of one. */
function failureOf(packed: Uint8Array): HandoffError {
  const error = unpackError(packed);
  return HandoffError.is(error)
    ? error
    : new HandoffError('HANDOFF_BAD_MESSAGE', `Received an error without a code: ${error.message}`, { cause: error });
}

function packPhases(phases: Phases | undefined): WirePhases | null {
  if (!phases) return null;
  const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
  return [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs];
}

function openPhases([waitMs, fetchMs, loadMs, runMs, packMs, handOverMs]: WirePhases): Phases {
  return { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs };
}

/** About how many bytes an event has. */
function sizeOf(event: WireEvent): number {
  switch (event.type) {
    case 'function-ready':
    case 'function-started':
    case 'function-succeeded':
      return EVENT_BYTES + event.functionId.length;
    case 'function-output':
      return EVENT_BYTES + event.functionId.length + event.line.length;
    case 'function-resting':
    case 'function-failed':
      return EVENT_BYTES + event.functionId.length + event.error.length;
    case 'function-waiting':
      return EVENT_BYTES * (1 + event.for.length) + event.functionId.length;
    case 'run-failed':
      return EVENT_BYTES + event.error.length;
    default:
      return EVENT_BYTES;
  }
}
