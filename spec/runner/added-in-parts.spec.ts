import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import { compile, Dag, ExpandedDag, growingPlanOf, insidesOf, type Plan } from '../../lib/dag/index.js';
import { isFinal } from '../../lib/runner/brain/function-state.js';
import type { RunAnnouncement, RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { thrownData } from '../../lib/value/index.js';
import { dagOf, type Sketch, sketches } from '../dag/graphs.js';

const code = { module: './m.js', name: 'f' };
const error = thrownData(new Error('boom'));

/** The DAG that the expansion gives. */
function innerOf(sketch: Sketch): Plan {
  const dag = Dag.dynamic('s');
  for (const spec of dagOf({ ...sketch, inputs: sketch.inputs.map(() => []) }).functions.values()) dag.add(spec as never);
  return compile(dag);
}

/** A run in which functions do what is due, in order; these fail. Its expansion adds `inner` in parts that end at these places. */
function play(inner: Plan, ends: readonly number[], failing: ReadonlySet<string>): { state: RunState; announced: RunAnnouncement[] } {
  const outer = Dag.dynamic('d')
    .expand({ id: 'e', code })
    .add({ id: 'z', code, args: ['e'] });
  const plan = doAtOnce(growingPlanOf(compile(outer)));
  const policy = { maxRetries: 0, onFailure: 'continue', collected: new Uint8Array(2).fill(1), stopGraceMs: 0, driver: 'n' } as const;
  const state = newRunState('r', plan.shape, policy);
  const expanded = new ExpandedDag(inner, 'e');
  const happenings: RunHappening[] = [{ type: 'run-begun' }];
  const announced: RunAnnouncement[] = [];
  const addMore = (first: number): void => {
    const count = (ends.find((end) => end > first) ?? inner.size) - first;
    happenings.push({ type: 'functions-added', added: insidesOf(plan, 0, expanded, first, count).fragment });
  };
  const perform = (command: RunCommand): void => {
    if (command.type === 'announce') announced.push(command.event);
    else if (command.type === 'drop-value') {
      // Those that are to come are not known to the run yet.
      const index = inner.indexOf.get(plan.ids[command.index]!.slice('e/'.length));
      const consumers =
        index === undefined ? [] : inner.dependents.subarray(inner.dependentsStart[index], inner.dependentsStart[index + 1]);
      for (const consumer of consumers) {
        const id = `e/${inner.ids[consumer]!}`;
        expect(isFinal(state.states[plan.ids.indexOf(id)] ?? 'waiting'), `${id} has what it needs`).to.equal(true);
      }
    } else if (command.type === 'take-turn') happenings.push({ type: 'turn-taken' });
    else if (command.type === 'expand') addMore(0);
    else if (command.type === 'request-claim') {
      happenings.push({ type: 'function-placed', index: command.index, node: 'n', mayQueue: false });
    } else if (command.type === 'start-attempt') {
      const { index, attempt } = command;
      happenings.push({ type: 'attempt-started', index, attempt });
      const fails = failing.has(plan.ids[index]!);
      if (fails) happenings.push({ type: 'attempt-failed', index, attempt, error, final: true, random: 0 });
      else happenings.push({ type: 'attempt-succeeded', index, attempt, receipt: { node: 'n', sizeBytes: 1, tookMs: 1, isHere: true } });
    }
  };
  for (let next = happenings.shift(); next; next = happenings.shift()) {
    const commands: RunCommand[] = [];
    stepRun(state, next, { nowMs: 0, wallMs: 0 }, commands);
    for (const command of commands) perform(command);
    if (next.type === 'functions-added' && state.phase === 'open') {
      const { count, total } = state.plan.added!.parts.get(0)!;
      if (count < total) addMore(count);
    }
  }
  return { state, announced };
}

/** How each function has ended, and what was told of it. */
function told({ state, announced }: ReturnType<typeof play>): unknown {
  const ofEach = state.plan.ids.map((id, index) => [
    id,
    state.states[index],
    announced.filter((event) => 'functionId' in event && event.functionId === id),
  ]);
  return { phase: state.phase, counts: state.counts, growths: announced.filter(({ type }) => type === 'functions-added'), ofEach };
}

describe('functions that are added in parts', () => {
  it('end as they do when all are added at once', () => {
    fc.assert(
      fc.property(sketches, fc.array(fc.nat(12)), fc.array(fc.nat(11)), (sketch, cuts, wrong) => {
        const inner = innerOf(sketch);
        fc.pre(inner.size > 0);
        const ends = [...new Set(cuts.map((cut) => 1 + (cut % inner.size)))].sort((a, b) => a - b);
        const failing = new Set(wrong.map((k) => `e/f${k}`));
        const whole = play(inner, [], failing);
        expect(whole.state.phase).to.equal('ended');
        expect(told(play(inner, ends, failing))).to.deep.equal(told(whole));
      }),
    );
  });
});
