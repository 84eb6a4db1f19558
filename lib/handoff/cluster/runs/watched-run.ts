import { keepAlive, onAbort } from '../../../base/index.js';
import type { WatchOptions } from '../../../observe/index.js';
import { EventCursor, EventLog, type EventPosition, type RunEvent } from '../../../runner/index.js';
import type { EventBatch } from './wire-events.js';

/**
 * Returns the events of a run, from the first that is kept: read here if this node has the run, else asked for, batch by batch. The next
 * batch is asked for while one is read, and no more: a slow reader makes nobody wait. Each iteration is independent, and its `return` ends
 * it at once, also while it waits. A wait for the next event keeps the process alive, nothing else does.
 */
export function watchedRun(
  source: EventSource,
  runId: string,
  { output = false, follow = true }: WatchOptions = {},
): AsyncIterable<RunEvent> {
  return {
    [Symbol.asyncIterator]: () => {
      const left = new AbortController();
      const events = eventsOf(source, runId, { output, follow, left: left.signal });
      return {
        next: () => events.next(),
        return: () => {
          left.abort(new Error('nobody watches the run any more'));
          return events.return();
        },
      };
    },
  };
}

async function* eventsOf(source: EventSource, given: string, how: HowRead): AsyncGenerator<RunEvent, void, void> {
  try {
    source.refuse();
    let runId = given;
    for (;;) {
      const here = source.eventsOf(runId);
      if (here instanceof EventLog) return yield* readHere(here, how);
      if (!here) return yield* readElsewhere(source, runId, how);
      runId = await unlessLeft(here, how.left);
    }
  } catch (error) {
    if (!how.left.aborted) throw error;
  }
}

async function* readHere(log: EventLog, { output, follow, left }: HowRead): AsyncGenerator<RunEvent, void, void> {
  const cursor = new EventCursor(log, output);
  for (;;) {
    const event = cursor.next();
    if (event) yield event;
    else if (log.isOver || !follow) return;
    else await more(log, left);
  }
}

async function* readElsewhere(source: EventSource, runId: string, how: HowRead): AsyncGenerator<RunEvent, void, void> {
  let next = source.fetchEvents(runId, undefined, how);
  for (;;) {
    const alive = keepAlive();
    const batch = await next.finally(() => alive.cancel());
    if (!batch.isOver) {
      next = source.fetchEvents(runId, batch.next, how);
      // It is awaited when the events before it have been read, if ever.
      next.catch(() => {});
    }
    yield* batch.events;
    if (batch.isOver) return;
  }
}

/** Resolves when there is more, or the run is over; rejects when the reader leaves. */
function more(log: EventLog, left: AbortSignal): Promise<void> {
  let stop = (): void => {};
  return unlessLeft(new Promise<void>((resolve) => (stop = log.whenMore(resolve))), left).finally(() => stop());
}

/** Settles as `awaited` does; rejects when the reader leaves. */
async function unlessLeft<T>(awaited: Promise<T>, left: AbortSignal): Promise<T> {
  left.throwIfAborted();
  let forget = (): void => {};
  const aborted = new Promise<never>((_, reject) => (forget = onAbort(left, () => reject(left.reason))));
  try {
    return await Promise.race([awaited, aborted]);
  } finally {
    forget();
  }
}

/** Where the events of runs come from. */
export interface EventSource {
  /** Throws `HANDOFF_STOPPED` if nothing can be read any more. */
  refuse(): void;
  /** Returns the events of a run that is driven here; while it is laid out, a promise of the id by which one may ask again. */
  eventsOf(runId: string): EventLog | Promise<string> | undefined;
  /** Asks for the events of another node's run from there on. Rejects with `HANDOFF_NOT_FOUND`, `HANDOFF_NODE_LOST` or as `left` says. */
  fetchEvents(runId: string, from: EventPosition | undefined, how: HowRead): Promise<EventBatch>;
}

/** How events are read: whether with output, and whether beyond what there is. `left` aborts when nobody reads any more. */
export interface HowRead {
  readonly output: boolean;
  readonly follow: boolean;
  readonly left: AbortSignal;
}
