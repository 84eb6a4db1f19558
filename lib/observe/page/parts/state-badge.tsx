import type { ObservedRunState } from '../../../runner/index.js';
import type { ShownState } from '../../views/view-types.js';
import { STATE_LOOKS } from '../theme/tokens.js';

/** How the states of runs look: as the functions' states that they are made of. */
const RUN_LOOKS: Readonly<Record<ObservedRunState, ShownState>> = {
  running: 'running',
  completed: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A mark in the colour and shape of a state. Its name stands beside it. */
export const StateMark = ({ state }: { readonly state: ShownState }) => (
  <span class={`mark mark-${state}`} aria-hidden="true">
    {STATE_LOOKS[state].mark}
  </span>
);

/** The state of a function, with its mark. */
export const StateBadge = ({ state }: { readonly state: ShownState }) => (
  <span class="badge">
    <StateMark state={state} />
    {state}
  </span>
);

/** The state of a run, with its mark. */
export const RunStateBadge = ({ state }: { readonly state: ObservedRunState }) => (
  <span class="badge">
    <StateMark state={RUN_LOOKS[state]} />
    {state}
  </span>
);
