// Brain: pure.
import type { ObservedRun } from '../../runner/index.js';
import type { TraceEvent } from './chrome-trace-event.js';

/**
 * The threads of a trace: one for each slot of a node. The times of other nodes are those of the driver, so attempts at one slot may seem
 * to overlap by what handing them over took. They are moved by so much; what still overlaps goes to a thread beside it.
 */
export class TraceLanes {
  readonly #run: ObservedRun;
  readonly #bySlot = new Map<string, TraceLane[]>();
  readonly #named = new Set<number>();
  #tids = 0;

  constructor(run: ObservedRun) {
    this.#run = run;
  }

  /** Returns the number of the process of a node. */
  pidOf(node: number): number {
    return node + 1;
  }

  /** Returns the thread of an attempt. The first time, its name and that of its process are added to `events`. */
  laneFor(node: number, isolation: string, slot: number, { firstMs, lastMs, mayMoveMs }: Span, events: TraceEvent[]): TraceLane {
    const key = `${node} ${slot} ${isolation}`;
    let lanes = this.#bySlot.get(key);
    if (!lanes) {
      lanes = [];
      this.#bySlot.set(key, lanes);
    }
    const known = lanes.find(({ freeFromMs }) => freeFromMs <= Math.min(firstMs + mayMoveMs, lastMs));
    if (known) return known;
    const pid = this.pidOf(node);
    this.#tids += 1;
    const lane: TraceLane = { pid, tid: this.#tids, freeFromMs: 0 };
    const name = `${isolation} ${slot}${lanes.length > 0 ? ` (${lanes.length + 1})` : ''}`;
    lanes.push(lane);
    if (!this.#named.has(pid)) {
      const { driver, attempts } = this.#run;
      const of = attempts.nodes[node]!;
      this.#named.add(pid);
      events.push({ name: 'process_name', ph: 'M', pid, args: { name: of === driver ? `${of} (driver)` : of } });
      events.push({ name: 'process_sort_index', ph: 'M', pid, args: { sort_index: of === driver ? 0 : pid } });
    }
    events.push({ name: 'thread_name', ph: 'M', pid, tid: lane.tid, args: { name } });
    events.push({ name: 'thread_sort_index', ph: 'M', pid, tid: lane.tid, args: { sort_index: slot } });
    return lane;
  }
}

/** One thread of a trace. */
export interface TraceLane {
  readonly pid: number;
  /** Unique in the trace, not only in its process. */
  readonly tid: number;
  /** When its last attempt ends. */
  freeFromMs: number;
}

/** When an attempt was, and by how much it may be moved. */
interface Span {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly mayMoveMs: number;
}
