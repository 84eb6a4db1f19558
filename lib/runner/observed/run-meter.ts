// Brain: pure.
import { PassingMap } from '../../base/index.js';
import type { Progress } from '../brain/messages.js';
import type { RowMeter } from './attempt-columns.js';
import { ATTEMPT_OUTCOMES, type AttemptHistory } from './attempt-history.js';
import { OUTCOME_MASK, type RowBlock, SLOT, WAIT, WORDS } from './attempt-rows.js';

/** The phases of an attempt, in the order of its columns. */
export const PHASE_NAMES = ['wait', 'fetch', 'load', 'run', 'pack', 'hand-over'] as const;

/** The upper bounds by which phases are counted, seconds: two in each decade, from 10 µs to 1,000 s. */
export const PHASE_BOUNDS_S: readonly number[] = [-5, -4, -3, -2, -1, 0, 1, 2]
  .flatMap((power) => [Number(`1e${power}`), Number(`3e${power}`)])
  .concat(1000);

/** How a function may end, as a driver counts it. */
const ENDS = ['succeeded', 'failed', 'skipped', 'cancelled'] as const;
/** How many functions have ended, by their end. */
export type EndCounts = Readonly<Record<(typeof ENDS)[number], number>>;

const STATES = ['waiting', 'ready', 'running', 'resting'] as const;

const LOST = ATTEMPT_OUTCOMES.indexOf('lost');
const BOUNDS_MS = Float64Array.from([...PHASE_BOUNDS_S.map((bound) => bound * 1000), Number.POSITIVE_INFINITY]);

/** The highest bits of a number of 32 bits, its exponent and three more, say where its bound is, or the one before. */
const PLACED_BITS = 20;
const PLACED_MASK = (1 << (31 - PLACED_BITS)) - 1;
const LEAST_PLACE = Uint8Array.from({ length: PLACED_MASK + 1 }, (_, high) => {
  const [least] = new Float32Array(Uint32Array.of(high << PLACED_BITS).buffer);
  return BOUNDS_MS.findIndex((bound) => !(least! > bound));
});

/** The durations of one phase of all attempts. */
export interface PhaseCounts {
  /** How many lasted at most as long as each bound, and longer than the one before; the last number is that of longer ones. */
  readonly counts: Float64Array;
  sumMs: number;
}

/** A run, as far as it is counted. */
interface MeteredRun {
  readonly runId: string;
  readonly progress: Progress;
  readonly attempts: AttemptHistory & { measure(): void };
}

/**
 * What has come of the runs of a driver since it started. While they run nothing is counted but in columns: this adds up what is in them
 * when it is asked, when a run ends, and when the oldest rows of a long run give up their places. Each row is seen once.
 */
export class RunMeter implements RowMeter {
  readonly phases: readonly PhaseCounts[] = PHASE_NAMES.map(() => ({ counts: new Float64Array(BOUNDS_MS.length), sumMs: 0 }));
  /** Attempts whose node was lost, which cannot say so itself. */
  lost = 0;
  readonly #runs = new PassingMap<string, MeteredRun>();
  readonly #ended: Record<(typeof ENDS)[number], number> = { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
  /** What was said last. A success may be undone, when its value is lost; a count may not. */
  #said: EndCounts = { ...this.#ended };

  /** Takes in attempts that are over. Each phase is a walk of its own: a call for each row would cost more than the counting. */
  seeRows({ phases, words }: RowBlock, from: number, to: number): void {
    for (let phase = 0; phase < PHASE_NAMES.length; phase += 1) {
      const of = this.phases[phase]!;
      const { counts } = of;
      let { sumMs } = of;
      let none = 0;
      for (let at = from * WORDS + WAIT + phase; at < to * WORDS; at += WORDS) {
        const ms = phases[at]!;
        // Half of the phases of small functions take no time.
        if (ms === 0) {
          none += 1;
          continue;
        }
        const least = LEAST_PLACE[(words[at]! >>> PLACED_BITS) & PLACED_MASK]!;
        counts[ms > BOUNDS_MS[least]! ? least + 1 : least]! += 1;
        sumMs += ms;
      }
      counts[0]! += none;
      of.sumMs = sumMs;
    }
    for (let at = from * WORDS + SLOT; at < to * WORDS; at += WORDS) if ((words[at]! & OUTCOME_MASK) === LOST) this.lost += 1;
  }

  /** A run begins. */
  begin(run: MeteredRun): void {
    this.#runs.set(run.runId, run);
  }

  /** A run is over: what it has come to is added for good. */
  end(run: MeteredRun): void {
    if (!this.#runs.delete(run.runId)) return;
    run.attempts.measure();
    for (const end of ENDS) this.#ended[end] += run.progress[end];
  }

  /** Looks at all attempts, and returns how many functions have ended, those of runs in progress included. */
  measure(): EndCounts {
    const counts = { ...this.#ended };
    for (const { progress, attempts } of this.#runs.values()) {
      attempts.measure();
      for (const end of ENDS) counts[end] += progress[end];
    }
    for (const end of ENDS) counts[end] = Math.max(counts[end], this.#said[end]);
    this.#said = counts;
    return counts;
  }

  /** Returns how many functions of runs in progress are in each state that is no end. */
  current(): Readonly<Record<(typeof STATES)[number], number>> {
    const counts = { waiting: 0, ready: 0, running: 0, resting: 0 };
    for (const { progress } of this.#runs.values()) for (const state of STATES) counts[state] += progress[state];
    return counts;
  }
}
