import { HandoffError } from '../../lib/base/index.js';
import { canGrow, compile, Dag, type DynamicDag, growingShape } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { newRunState, type RunPolicy } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { liveRunError } from '../../lib/runner/run/live-errors.js';
import { thrownData } from '../../lib/value/index.js';

const no = (): void => {};
const at = { nowMs: 0, wallMs: 0 };
export const receipt = { node: 'n', sizeBytes: 8, tookMs: 1, isHere: true };

/** What is said of a run: all is collected unless `collect` has ids. */
type Over = Partial<RunPolicy> & { collect?: string[] };

/** A run of `edges` (consumer: its producers), driven by happenings; answers what was commanded, announcements apart. */
export function open(edges: Record<string, string[]>, over: Over = {}) {
  const dag = Dag.dynamic('d');
  for (const [id, args] of Object.entries(edges)) dag.add({ id, code: no, args });
  return openDag(dag, over);
}

/** The same of a DAG, which may branch and grow. */
export function openDag(dag: DynamicDag, over: Over = {}) {
  const plan = compile(dag);
  const { collect, ...policy } = over;
  const collected = Uint8Array.from(plan.ids, (id) => Number(!collect || collect.includes(id)));
  const shape = canGrow(plan.shape.growth) ? growingShape(plan.shape) : plan.shape;
  const state = newRunState('r', shape, { maxRetries: 3, onFailure: 'abort', stopGraceMs: 500, collected, ...policy });
  const told: string[] = [];
  let ended: Extract<RunCommand, { type: 'end-run' }> | undefined;
  const index = (id: string): number => plan.indexOf.get(id) ?? shape.ids.indexOf(id);
  const feed = (happening: RunHappening): string[] => {
    const out: RunCommand[] = [];
    stepRun(state, happening, at, out);
    ended ??= out.find((command) => command.type === 'end-run');
    const commands: string[] = [];
    for (const command of out) {
      if (command.type === 'announce')
        told.push([command.event.type, (command.event as { functionId?: string }).functionId ?? ''].join(' ').trim());
      else commands.push('index' in command ? `${command.type} ${shape.ids[command.index]}` : command.type);
    }
    return commands;
  };
  const place = (id: string, node = 'n'): string[] => feed({ type: 'function-placed', index: index(id), node, mayQueue: false });
  const attempt = (id: string): number => state.attempts[index(id)]!;
  const start = (id: string): string[] => feed({ type: 'attempt-started', index: index(id), attempt: attempt(id) });
  const succeed = (id: string): string[] => feed({ type: 'attempt-succeeded', index: index(id), attempt: attempt(id), receipt });
  const fail = (id: string, final = false): string[] =>
    feed({ type: 'attempt-failed', index: index(id), attempt: attempt(id), error: thrownData(new Error('boom')), final, random: 0.5 });
  const stop = (id: string): string[] => feed({ type: 'attempt-stopped', index: index(id), attempt: attempt(id) });
  const rest = (id: string): string[] => feed({ type: 'function-rested', index: index(id), attempt: attempt(id) });
  const run = (id: string): string[] => [...place(id), ...start(id), ...succeed(id)];
  const lose = (...ids: string[]): string[] => feed({ type: 'values-lost', indices: ids.map(index) });
  const cancel = (): string[] =>
    feed({ type: 'run-ending', error: thrownData(new HandoffError('HANDOFF_RUN_CANCELLED', 'cancelled')), graceMs: 7 });
  return {
    state,
    told,
    feed,
    index,
    place,
    start,
    succeed,
    fail,
    stop,
    rest,
    run,
    lose,
    attempt,
    cancel,
    begin: () => feed({ type: 'run-begun' }),
    /** The error that users see at the end. */
    error: () => ended?.error && liveRunError(ended.error),
  };
}

/** Numbers from 0 to 99 that the seed alone decides. */
export function dice(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % 100;
  };
}
