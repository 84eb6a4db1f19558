// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import type { RunIndex } from './run-index.js';
import { SHOWN_STATES, stateNumber } from './shown-state.js';

/** How many functions are counted in one step. */
const COUNTED_IN_STEP = 32_768;

/** Counts the functions of each group by state, in steps: eight numbers for each group. Several views of one moment share them. */
export function* countsByGroup(run: ObservedRun, index: RunIndex): StepwiseWork<Int32Array> {
  const known = counted.get(index);
  if (known && known.version === run.version && known.size === index.size) return known.counts;
  const { version } = run;
  const { size, groupOf } = index;
  const states = SHOWN_STATES.length;
  const counts = new Int32Array(index.groups.length * states);
  for (let from = 0; from < size; ) {
    const to = Math.min(size, from + COUNTED_IN_STEP);
    for (let at = from; at < to; at += 1) counts[groupOf[at]! * states + stateNumber(run.stateOf(at))]! += 1;
    from = to;
    if (from < size) yield;
  }
  counted.set(index, { version, size, counts });
  return counts;
}

const counted = new WeakMap<RunIndex, { readonly version: number; readonly size: number; readonly counts: Int32Array }>();
