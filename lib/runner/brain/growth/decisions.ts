// Brain: pure.
import type { Gist } from '../../../value/index.js';
import { skip, skipIfDoomed } from '../lineage.js';
import type { RunCommand } from '../messages.js';
import type { Moment, RunState } from '../run-state.js';
import { GIST_OF_OBJECT, GIST_OF_UNDEFINED, holdsFor } from './conditions.js';
import type { GrowthState } from './growth-state.js';

/**
 * Decides the condition of a waiting function, if it looks at this function or input. Returns false if the function will not run: its
 * condition does not hold, or something else that it needs has failed. No failure skips a function before its condition is decided, so
 * earlier failures are looked for here.
 */
export function decide(state: RunState, growth: GrowthState, index: number, on: number, at: Moment, out: RunCommand[]): boolean {
  const when = state.plan.growth!.whens.get(index);
  if (when === undefined || when.on !== on || growth.taken.has(index)) return true;
  if (holdsFor(when, gistFor(state, growth, on))) {
    growth.taken.add(index);
    skipIfDoomed(state, index, at, out);
    return state.states[index] === 'waiting';
  }
  skip(state, index, 'not-taken', at, out);
  return false;
}

/** The condition of a function held if a former driver has run it: it is not decided again. */
export function noteTaken({ plan, growth }: RunState, index: number): void {
  if (plan.growth?.whens.has(index)) growth!.taken.add(index);
}

function gistFor(state: RunState, { gists, composites }: GrowthState, on: number): Gist {
  if (state.absent.has(on)) return GIST_OF_UNDEFINED;
  const gist = composites.has(on) ? GIST_OF_OBJECT : gists.get(on);
  if (gist === undefined) throw new Error(`nothing is known of the value of ${on < 0 ? `input ${~on}` : `"${state.plan.ids[on]!}"`}`);
  return gist;
}
