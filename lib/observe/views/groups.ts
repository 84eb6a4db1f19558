// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { indexOf, type RunIndex } from './run-index.js';
import { countsAt, headerOf, SHOWN_STATES } from './shown-state.js';
import { countsByGroup } from './state-counts.js';
import type { GroupRow, GroupsView, StateCounts } from './view-types.js';

/** How many groups are listed. */
const MOST_GROUPS = 500;

/** Shows the functions of a run by group: how many are in which state, and what their attempts were made of. */
export function* groupsView(run: ObservedRun): StepwiseWork<GroupsView> {
  const index = yield* indexOf(run);
  const counts = yield* countsByGroup(run, index);
  const groups: GroupRow[] = [];
  const rest = new Int32Array(SHOWN_STATES.length);
  let left = 0;
  const all = counts.length / SHOWN_STATES.length;
  for (let group = 0; group < all; group += 1) {
    if (groups.length < MOST_GROUPS) groups.push(groupRow(index, counts, group));
    else {
      left += 1;
      for (let state = 0; state < rest.length; state += 1) rest[state]! += counts[group * rest.length + state]!;
    }
  }
  return { run: headerOf(run), groups, more: { groups: left, counts: countsAt(rest, 0) } };
}

/** Returns one group of a run. */
export function groupRow(index: RunIndex, counts: Int32Array, group: number): GroupRow {
  const byState = countsAt(counts, group * SHOWN_STATES.length);
  return {
    group: index.groups[group]!,
    total: totalOf(byState),
    counts: byState,
    attempts: index.attemptsOf(group),
    phases: index.phasesOf(group),
  };
}

/** Returns how many functions were counted. */
export const totalOf = (counts: StateCounts): number => SHOWN_STATES.reduce((total, state) => total + counts[state], 0);
