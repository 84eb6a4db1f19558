// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import { ATTEMPT_OUTCOMES, type ObservedRun } from '../../runner/index.js';
import type { ChromeTrace, TraceEvent } from './chrome-trace-event.js';
import { RunningCounts } from './running-counts.js';
import { TraceLanes } from './trace-lanes.js';

/** How many attempts are looked at in one step: about a millisecond of work. */
const ATTEMPTS_IN_STEP = 100;

/** The most arrows of a trace: viewers become slow beyond. */
const MOST_ARROWS = 200_000;

/** The most parts of a map or an expansion from which arrows lead to what consumes the whole. */
const MOST_PARTS = 128;

const [SUCCEEDED, LOST] = [ATTEMPT_OUTCOMES.indexOf('succeeded'), ATTEMPT_OUTCOMES.indexOf('lost')];

/**
 * One run as Chrome trace events, which Perfetto and `chrome://tracing` open: nodes are processes, slots are threads, the phases of an
 * attempt nest in it, arrows lead along the edges. Times are µs since the run started, with ns as decimals.
 * Source: "Trace Event Format", the document of Chrome's tracing.
 */
export const chromeTraceSink = (): { readonly write: (run: ObservedRun) => StepwiseWork<ChromeTrace> } => ({ write: chromeTraceOf });

/** Returns the trace of a run, in steps. Attempts that are not over are not in it. */
export function* chromeTraceOf(run: ObservedRun): StepwiseWork<ChromeTrace> {
  const { attempts, elapsedMs } = run;
  const lanes = new TraceLanes(run);
  const counts = new RunningCounts(elapsedMs);
  const arrows = new Arrows(run);
  const events: TraceEvent[] = [];
  const attemptsLeftOut = attempts.first;
  for (let at = attempts.first; at < attempts.count; at += ATTEMPTS_IN_STEP) {
    // A run that goes on meanwhile may drop its oldest attempts.
    const from = Math.max(at, attempts.first);
    attempts.each(from, Math.min(attempts.count, at + ATTEMPTS_IN_STEP), (_row, index, attempt, node, slot, outcome, endMs, ...six) => {
      const [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs] = six;
      // Half of what was handed over came before the attempt, half after it.
      const lastMs = Math.max(0, endMs - handOverMs / 2);
      const firstMs = Math.max(0, lastMs - packMs - runMs - loadMs - fetchMs);
      const lane = lanes.laneFor(node, run.isolationOf(index), slot, { firstMs, lastMs, mayMoveMs: handOverMs + 0.001 }, events);
      const startNs = nsOf(Math.max(firstMs, lane.freeFromMs));
      const endNs = Math.max(startNs, nsOf(lastMs));
      lane.freeFromMs = endNs / 1e6;
      const place: Place = { pid: lane.pid, tid: lane.tid, startNs, endNs };
      const shown = { attempt, outcome: ATTEMPT_OUTCOMES[outcome]!, waitMs: nsOf(waitMs) / 1e6, handOverMs: nsOf(handOverMs) / 1e6 };
      const error = outcome !== SUCCEEDED && run.attemptOf(index) === attempt ? run.errorOf(index)?.message : undefined;
      events.push({
        ...{ name: run.idOf(index), cat: ATTEMPT_OUTCOMES[outcome]!, ph: 'X', ts: startNs / 1000, dur: (endNs - startNs) / 1000 },
        ...{ pid: lane.pid, tid: lane.tid, args: error === undefined ? shown : { ...shown, error } },
        ...(outcome !== SUCCEEDED && { cname: outcome === LOST ? 'grey' : 'terrible' }),
      });
      addPhases(events, place, [fetchMs, loadMs, runMs, packMs]);
      if (outcome !== SUCCEEDED) {
        const mark = { name: ATTEMPT_OUTCOMES[outcome]!, cat: ATTEMPT_OUTCOMES[outcome]!, ph: 'i', s: 't', ts: endNs / 1000 } as const;
        events.push({ ...mark, pid: lane.pid, tid: lane.tid });
      }
      arrows.add(events, index, place, outcome === SUCCEEDED);
      counts.add(node, startNs / 1e6, endNs / 1e6);
    });
    yield;
  }
  for (const count of counts.events((node) => lanes.pidOf(node))) events.push(count);
  const { runId, dagId } = run;
  return { displayTimeUnit: 'ms', otherData: { runId, dagId, attemptsLeftOut }, traceEvents: events };
}

/** The parts of an attempt within it, one after the other. What took no time has none. */
function addPhases(events: TraceEvent[], { pid, tid, startNs, endNs }: Place, phasesMs: readonly number[]): void {
  let fromMs = startNs / 1e6;
  let fromNs = startNs;
  for (const [at, lastedMs] of phasesMs.entries()) {
    fromMs += lastedMs;
    const toNs = Math.min(endNs, nsOf(fromMs));
    if (toNs > fromNs) events.push({ name: PHASES[at]!, cat: 'phase', ph: 'X', ts: fromNs / 1000, dur: (toNs - fromNs) / 1000, pid, tid });
    fromNs = Math.max(fromNs, toNs);
  }
}

const PHASES = ['fetch', 'load', 'run', 'pack'] as const;
const nsOf = (ms: number): number => Math.round(ms * 1e6);

/** Arrows from attempts that made values to those that consumed them. The ends of attempts come in order, so producers are known. */
class Arrows {
  readonly #run: ObservedRun;
  /** By function, the attempt that made its value. */
  readonly #made = new Map<number, Place>();
  /** By map and expansion, the first of its parts that have a value. */
  readonly #parts = new Map<number, number[]>();
  #count = 0;

  constructor(run: ObservedRun) {
    this.#run = run;
  }

  add(events: TraceEvent[], index: number, place: Place, hasValue: boolean): void {
    for (const producer of this.#run.producersOf(index)) {
      const made = this.#made.get(producer);
      if (made) this.#draw(events, made, place);
      else for (const part of this.#parts.get(producer) ?? []) this.#draw(events, this.#made.get(part)!, place);
    }
    if (!hasValue) return;
    this.#made.set(index, place);
    for (let whole = this.#run.partOf(index); whole !== undefined; whole = this.#run.partOf(whole)) {
      const parts = this.#parts.get(whole);
      if (!parts) this.#parts.set(whole, [index]);
      else if (parts.length < MOST_PARTS) parts.push(index);
    }
  }

  /** It leaves its producer before that ends, as it belongs to what is open there. An arrow into the past would belong to nothing. */
  #draw(events: TraceEvent[], from: Place, to: Place): void {
    const leavesNs = Math.min(Math.max(from.startNs, from.endNs - 1), to.startNs);
    if (leavesNs < from.startNs || this.#count >= MOST_ARROWS) return;
    this.#count += 1;
    const arrow = { name: 'value', cat: 'value', id: this.#count } as const;
    events.push({ ...arrow, ph: 's', ts: leavesNs / 1000, pid: from.pid, tid: from.tid });
    events.push({ ...arrow, ph: 'f', bp: 'e', ts: to.startNs / 1000, pid: to.pid, tid: to.tid });
  }
}

/** Where an attempt is in the trace. */
interface Place {
  readonly pid: number;
  readonly tid: number;
  readonly startNs: number;
  readonly endNs: number;
}
