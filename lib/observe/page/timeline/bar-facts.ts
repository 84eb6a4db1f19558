// Brain: pure.
import type { Phases } from '../../../runner/index.js';
import type { TimelineView } from '../../views/view-types.js';
import type { BarRef } from './bar-index.js';
import type { TimeWindow } from './time-window.js';

/** What a card says of a bar. */
export interface BarFacts {
  /** The id of the function; `undefined` for several attempts. */
  readonly functionId: string | undefined;
  readonly group: string;
  /** How many attempts it stands for. */
  readonly count: number;
  readonly attempt: number | undefined;
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'timed out' | 'cancelled' | 'lost' | 'several' | 'several, with failures';
  readonly node: string;
  /** `thread 0`; `undefined` where it is not known before the end. */
  readonly slot: string | undefined;
  readonly startMs: number;
  readonly durationMs: number;
  /** Only of attempts that are over. */
  readonly phases: Phases | undefined;
}

/** In the order of `ATTEMPT_OUTCOMES`. */
const OUTCOMES = ['succeeded', 'failed', 'timed out', 'cancelled', 'lost'] as const;

/** Returns what the card of a bar says. `places` are the rows of the view. */
export function barFacts(view: TimelineView, places: TimelineView['rows'], { kind, at, row }: BarRef, nowMs: number): BarFacts {
  const place = places[row];
  const slot = place && `${place.isolation} ${place.slot}`;
  if (kind === 'bar') {
    const { bars } = view;
    return {
      functionId: bars.functionId[at]!,
      group: view.groups[bars.group[at]!] ?? '',
      count: 1,
      attempt: bars.attempt[at]!,
      outcome: OUTCOMES[bars.outcome[at]!] ?? 'failed',
      node: place?.node ?? '',
      slot,
      startMs: bars.startMs[at]!,
      durationMs: bars.endMs[at]! - bars.startMs[at]!,
      phases: {
        waitMs: bars.waitMs[at]!,
        fetchMs: bars.fetchMs[at]!,
        loadMs: bars.loadMs[at]!,
        runMs: bars.runMs[at]!,
        packMs: bars.packMs[at]!,
        handOverMs: bars.handOverMs[at]!,
      },
    };
  }
  if (kind === 'merged') {
    const { merged } = view;
    return {
      functionId: undefined,
      group: view.groups[merged.group[at]!] ?? '',
      count: merged.count[at]!,
      attempt: undefined,
      outcome: merged.hasFailure[at] ? 'several, with failures' : 'several',
      node: place?.node ?? '',
      slot,
      startMs: merged.startMs[at]!,
      durationMs: merged.endMs[at]! - merged.startMs[at]!,
      phases: undefined,
    };
  }
  const running = view.running[at]!;
  return {
    functionId: running.functionId,
    group: view.groups[running.group] ?? '',
    count: 1,
    attempt: running.attempt,
    outcome: 'running',
    node: running.node,
    slot: running.row >= 0 ? slot : undefined,
    startMs: running.startMs,
    durationMs: Math.max(0, nowMs - running.startMs),
    phases: undefined,
  };
}

/** The groups of an answer, in its order, with the number of their attempts in it. */
export const groupCounts = ({ groups, counts }: TimelineView): ReadonlyMap<string, number> =>
  new Map(groups.map((group, number) => [group, counts[number]!]));

/** The attempts that are over in a part of the time, by start, at most `most`, and how many more. Merged ones are among the latter. */
export function attemptsWithin(
  view: TimelineView,
  { fromMs, toMs }: TimeWindow,
  most: number,
): { readonly attempts: readonly BarFacts[]; readonly more: number } {
  const { bars, merged } = view;
  const found: number[] = [];
  for (const [at, startMs] of bars.startMs.entries()) if (startMs <= toMs && bars.endMs[at]! >= fromMs) found.push(at);
  found.sort((one, other) => bars.startMs[one]! - bars.startMs[other]!);
  let more = Math.max(0, found.length - most);
  for (const [at, startMs] of merged.startMs.entries()) if (startMs <= toMs && merged.endMs[at]! >= fromMs) more += merged.count[at]!;
  return { attempts: found.slice(0, most).map((at) => barFacts(view, view.rows, { kind: 'bar', at, row: bars.row[at]! }, 0)), more };
}
