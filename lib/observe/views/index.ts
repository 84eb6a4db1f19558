// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { functionView } from './function.js';
import { functionsView } from './functions.js';
import { graphView } from './graph.js';
import { groupsView } from './groups.js';
import { summaryView } from './summary.js';
import { timelineView } from './timeline.js';
import type { ViewAnswers, ViewRequest } from './view-types.js';

export { checkedViewRequest } from './checked-request.js';
export { PHASE_WORDS } from './phase-words.js';
export type * from './view-types.js';

/** Shows a part of a run, in steps. */
type MakeView<V extends ViewRequest['view']> = (
  run: ObservedRun,
  request: Extract<ViewRequest, { readonly view: V }>,
) => StepwiseWork<ViewAnswers[V]>;

/** What can be asked of a run: a new view is one file, one line here, and its types in `view-types.ts`. */
const VIEWS: { readonly [V in ViewRequest['view']]: MakeView<V> } = {
  groups: groupsView,
  timeline: timelineView,
  functions: functionsView,
  function: functionView,
  graph: graphView,
  summary: summaryView,
};

/**
 * Shows a part of a run, in steps of at most some milliseconds for 100,000 functions: for a driver, which does them in turns. The run may
 * go on meanwhile. A request from outside is checked before, by `checkedViewRequest`.
 */
export function viewInSteps<R extends ViewRequest>(run: ObservedRun, request: R): StepwiseWork<ViewAnswers[R['view']]> {
  const make = VIEWS[request.view] as (run: ObservedRun, request: ViewRequest) => StepwiseWork<ViewAnswers[R['view']]>;
  return make(run, request);
}

/** Shows a part of a run at once. */
export function viewOf<R extends ViewRequest>(run: ObservedRun, request: R): ViewAnswers[R['view']] {
  const steps = viewInSteps(run, request);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
