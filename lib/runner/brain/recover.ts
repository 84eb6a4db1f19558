// Brain: pure.
import { appendingOf, isExpanding } from './growth/growing.js';
import { earlyEndOf } from './growth/parts.js';
import type { RunCommand } from './messages.js';
import { reasonOf, stopReasonOf } from './run-end.js';
import type { Moment, RunState } from './run-state.js';

/**
 * Returns everything outstanding in a run, made from its state alone: what to request, start, stop, wait for and fetch. The runner that
 * takes a run over performs these commands, and continues as if nothing had happened. Rests and grace times end when they would have.
 *
 * Total: a run that has not begun has nothing outstanding, one that has ended has its end.
 */
export function recover(state: RunState, at: Moment): RunCommand[] {
  const { phase, plan, attempts, restsUntilMs } = state;
  if (phase === 'new') return [];
  if (phase === 'ended') return [{ type: 'end-run', error: reasonOf(state) }];
  const commands: RunCommand[] = [];
  for (let index = 0; index < plan.size; index += 1) {
    const attempt = attempts[index]!;
    switch (state.states[index]) {
      case 'looking-up':
        if (phase === 'open') commands.push({ type: 'look-up-result', index });
        break;
      case 'ready':
        if (phase === 'open') commands.push({ type: 'request-claim', index });
        break;
      case 'placed':
      case 'running': {
        const early = phase === 'open' ? earlyEndOf(state, index) : undefined;
        if (early) {
          const graceMs = Math.max(0, early.stopByMs - at.nowMs);
          commands.push({ type: 'stop-attempt', index, attempt, reason: early.reason, graceMs });
        } else if (phase === 'open') commands.push({ type: 'start-attempt', index, attempt });
        else {
          const graceMs = Math.max(0, state.ending!.stopByMs - at.nowMs);
          commands.push({ type: 'stop-attempt', index, attempt, reason: stopReasonOf(state), graceMs });
        }
        break;
      }
      case 'open':
        if (phase === 'open' && isExpanding(state, index)) commands.push({ type: 'expand', index, attempt });
        break;
      case 'recording':
        commands.push({ type: 'record-success', index, attempt, receipt: state.recording.get(index)! });
        break;
      case 'resting':
        if (phase === 'open')
          commands.push({ type: 'rest-function', index, attempt, delayMs: Math.max(0, restsUntilMs.get(index)! - at.nowMs) });
    }
  }
  for (const [index, attempt] of state.fetching) commands.push({ type: 'fetch-value', index, attempt });
  const appending = appendingOf(state);
  if (appending) commands.push(appending);
  if (state.awaitsTurn) commands.push({ type: 'take-turn' });
  return commands;
}

/**
 * Whether a command is performed at once and has no answer. When a run is taken over, such commands must still be performed. Everything
 * else follows from the state.
 */
export const isDoneAtOnce = ({ type }: RunCommand): boolean => DONE_AT_ONCE.has(type);

const DONE_AT_ONCE: ReadonlySet<string> = new Set<RunCommand['type']>([
  ...(['announce', 'free-claim', 'withdraw-claim', 'drop-value', 'record-success', 'record-failure', 'free-key'] as const),
]);
