import { AgingMap, type Clock, HandoffError } from '../../base/index.js';
import type { RunEvent } from '../brain/messages.js';
import { EventLog } from '../events/event-log.js';
import type { OutputLine } from '../events/kept-lines.js';
import { PastEvents } from '../events/past-events.js';
import type { ObservedRun } from '../observed/observed-run.js';
import { PastRuns } from '../observed/past-runs.js';
import type { LargeCall } from './large-call.js';
import { isReadAgain, type OpenRun, type RunEnd } from './open-run.js';
import type { RunSummary } from './run-summary.js';

/** How many ended runs of this node are listed. */
const ENDED_LISTED = 100;

/**
 * What may be seen of the runs of this node: those under way, and those that have ended. A call for a large DAG is a run from its beginning
 * on, also if it ends before its DAG is laid out. A call that was refused at once is not listed, nor is a run that is only read again from
 * its record.
 */
export class VisibleRuns {
  readonly #deps: VisibleRunsDeps;
  readonly #past = new PastEvents();
  readonly #ended = new AgingMap<string, RunSummary>();
  readonly #looked: PastRuns;

  constructor(deps: VisibleRunsDeps) {
    this.#deps = deps;
    this.#looked = new PastRuns(deps.clock);
  }

  /** Returns a run as it may be looked at: under way, or ended and retained. */
  observe(runId: string): ObservedRun | undefined {
    return this.#deps.get(runId)?.run.observe() ?? this.#looked.get(runId);
  }

  /** Returns the runs under way, and the last hundred that have ended: the latest first. */
  summaries(): RunSummary[] {
    const { node: driver, opening, open, get } = this.#deps;
    const calls = [...opening()].map(({ runId, dagId, progress, startedAtMs }): RunSummary => {
      return { runId, dagId, driver, state: 'running', progress, startedAtMs };
    });
    const runs = [...open()].filter(({ run }) => !isReadAgain(run)).map((one) => this.#summaryOf(one, { state: 'running' }));
    // A durable run that has ended here may go on here.
    const ended = [...this.#ended.values()].filter(({ runId }) => !get(runId));
    return [...calls, ...runs, ...ended].sort((one, other) => other.startedAtMs - one.startedAtMs);
  }

  /** Whether a run of this id is under way, or is one of the last that have ended. */
  knows(runId: string): boolean {
    return this.#ended.get(runId) !== undefined || this.eventsOf(runId) !== undefined;
  }

  /** Returns the events of a run; while its DAG is laid out, a promise of the id by which one may ask again. */
  eventsOf(runId: string): EventLog | Promise<string> | undefined {
    const call = this.#deps.call(runId);
    if (call) return call.known.then(() => call.runId);
    return this.#deps.get(runId)?.run.events ?? this.#past.get(runId);
  }

  /** Calls `listener` with every event of a run, from the oldest kept one on. Returns false if the run is unknown, or was over long ago. */
  subscribe(runId: string, listener: (event: RunEvent) => void): boolean {
    const events = this.eventsOf(runId);
    if (events instanceof EventLog) events.subscribe(listener);
    else void events?.then((known) => this.subscribe(known, listener));
    return events !== undefined;
  }

  /** Keeps a line that an attempt of a run has written, if the run is under way. */
  addLine(runId: string, line: Omit<OutputLine, 'atMs'>): void {
    this.#deps.get(runId)?.run.events.addLine({ ...line, atMs: this.#deps.clock.wallNow() });
  }

  /** A run has ended. `keepsResults`: its results are there as long as they are retained. */
  ended(open: OpenRun, { event }: RunEnd, keepsResults: boolean): void {
    const { run } = open;
    run.events.add(event);
    run.events.end();
    this.#past.add(run.runId, keepsResults ? run.events : run.events.withoutResults());
    const observed = run.observe();
    observed.end(event.type === 'run-failed' ? event.error : undefined);
    if (isReadAgain(run)) return;
    this.#looked.add(observed, open.options.retainMs);
    this.#list(this.#summaryOf(open, endOf(event)));
  }

  /** A call for a large DAG has ended, and there is no run. */
  refused({ runId, dagId, progress, startedAtMs, end }: LargeCall): void {
    if (!end) return;
    const { event } = end;
    const events = new EventLog(runId, dagId, 1);
    events.add(event);
    events.end();
    this.#past.add(runId, events);
    this.#list({ runId, dagId, driver: this.#deps.node, progress, startedAtMs, ...endOf(event) });
  }

  /** The node has stopped: nothing of ended runs is kept. */
  close(): void {
    this.#looked.close();
  }

  /** The results of an ended run were dropped. */
  forgetResults(runId: string): void {
    this.#past.forgetResults(runId);
  }

  #list(summary: RunSummary): void {
    this.#ended.add(summary.runId, summary);
    if (this.#ended.size > ENDED_LISTED) this.#ended.take(this.#ended.oldest!);
  }

  #summaryOf({ run, options: { isDurable, key }, startedAtMs }: OpenRun, state: Pick<RunSummary, 'state' | 'endedAtMs'>): RunSummary {
    const { runId, dagId, progress } = run;
    return { runId, dagId, ...(isDurable && { key: key ?? runId }), driver: this.#deps.node, progress, startedAtMs, ...state };
  }
}

/** How a run ended, and when. */
function endOf(event: RunEnd['event']): Pick<RunSummary, 'state' | 'endedAtMs'> {
  const endedAtMs = event.atMs;
  if (event.type === 'run-completed') return { state: 'completed', endedAtMs };
  return { state: HandoffError.is(event.error, 'HANDOFF_RUN_CANCELLED') ? 'cancelled' : 'failed', endedAtMs };
}

/** The runs of this node. */
export interface VisibleRunsDeps {
  readonly node: string;
  readonly clock: Clock;
  /** The calls for large DAGs that are still being laid out. */
  readonly opening: () => Iterable<LargeCall>;
  readonly call: (runId: string) => LargeCall | undefined;
  readonly open: () => Iterable<OpenRun>;
  readonly get: (runId: string) => OpenRun | undefined;
}
