import { expect } from 'chai';
import fc from 'fast-check';
import { compile, Dag } from '../../lib/dag/index.js';
import type { RunCommand } from '../../lib/runner/brain/messages.js';
import { recover } from '../../lib/runner/brain/recover.js';
import { newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { traceHeader, traceLine } from '../../lib/runner/trace/trace-lines.js';
import { TraceReplay } from '../../lib/runner/trace/trace-replay.js';
import { dice } from './brain.js';
import { Outside, randomEdges, randomPolicy, randomWeather, type Weather } from './outside.js';

const no = (): void => {};

/** A run with dice: what it is, and what becomes of it. */
interface Given {
  readonly edges: Readonly<Record<string, readonly string[]>>;
  readonly policy: {
    readonly onFailure: 'abort' | 'continue';
    readonly maxRetries: number;
    readonly collected: 'all' | 'none';
    readonly journal: 'none' | 'batched' | 'strict';
    readonly remembers: boolean;
  };
  readonly weather: Weather;
  readonly seed: number;
}

const given: fc.Arbitrary<Given> = fc.record({ edges: randomEdges, policy: randomPolicy, weather: randomWeather, seed: fc.integer() });

function newRun({ edges, policy }: Given): RunState {
  const dag = Dag.dynamic('d');
  for (const [id, args] of Object.entries(edges)) {
    const cache = Number(id.slice(1)) % 3 > 0;
    dag.add({ id, code: no, args: [...args], retry: { initialDelayMs: 20, jitter: 0.5 }, version: '1', cache });
  }
  const plan = compile(dag);
  const collected = new Uint8Array(plan.size).fill(Number(policy.collected === 'all'));
  return newRunState('r', plan.shape, { ...policy, collected, stopGraceMs: 500 });
}

/** Whether a shell is lost after so many commands of a step, and what its successor goes on with. */
interface Between {
  /** Of the commands of this turn so many are performed; `undefined`: all. */
  cut(turn: number, commands: number): number | undefined;
  state(state: RunState): RunState;
}

/** Plays a run to its end. Returns its last state and all that it announced. */
function play(of: Given, { cut, state: kept }: Between): { state: RunState; outside: Outside; announced: unknown[]; trace: string[] } {
  const roll = dice(of.seed);
  const announced: unknown[] = [];
  let state = newRun(of);
  const trace = [traceHeader(state)];
  let outside = new Outside();
  for (let turn = 0; state.phase !== 'ended'; turn += 1) {
    expect(turn).to.be.below(10_000);
    const happening = outside.next(state, roll, turn, of.weather);
    if (!happening) throw new Error(`nothing is left to do, and the run has not ended: ${state.states.join(', ')}`);
    const at = { nowMs: turn, wallMs: 1000 + turn };
    const commands: RunCommand[] = [];
    trace.push(traceLine(trace.length + 1, happening, at));
    stepRun(state, happening, at, commands);
    for (const command of commands) if (command.type === 'announce') announced.push(command.event);
    const done = cut(turn, commands.length);
    if (done === undefined) for (const command of commands) outside.perform(command, turn);
    else outside = successor(outside, state, commands, done, turn);
    outside.check(state);
    state = kept(state);
  }
  return { state, outside, announced, trace };
}

/** The shell is lost after `done` commands: another one has of it what is done at once, and what `recover` says. */
function successor(lost: Outside, state: RunState, commands: readonly RunCommand[], done: number, turn: number): Outside {
  const at = { nowMs: turn, wallMs: 1000 + turn };
  for (const command of commands.slice(0, done)) lost.perform(command, turn);
  const next = new Outside();
  for (const [name, count] of lost.claims) next.claims.set(name, count);
  for (const key of lost.keys) next.keys.add(key);
  const isDone = ({ type }: RunCommand): boolean => type === 'free-claim' || type === 'free-key';
  for (const command of commands.slice(done)) if (isDone(command)) next.perform(command, turn);
  for (const command of recover(state, at)) next.perform(command, turn);
  for (const command of commands.slice(done)) lost.perform(command, turn);
  expect(next.outstanding(state, turn)).to.deep.equal(lost.outstanding(state, turn));
  return next;
}

const whole: Between = { cut: () => undefined, state: (state) => state };

describe('runs at random', () => {
  it('end, free every claim once where it was, and run nothing before what it needs, whatever fails, is lost, and whenever they end', () => {
    fc.assert(
      fc.property(given, (of) => {
        const { state, outside } = play(of, whole);
        outside.checkEnd(state);
      }),
      { numRuns: 300 },
    );
  });

  it('go on as if nothing had been when the shell is lost after any command, and another takes the state up', () => {
    fc.assert(
      fc.property(given, fc.integer(), (one, cuts) => {
        // A successor knows nothing of what its predecessor asked for in vain.
        const of = { ...one, weather: { ...one.weather, lateAnswers: false } };
        const expected = play(of, whole);
        const roll = dice(cuts);
        const { state, announced } = play(of, {
          cut: (_turn, commands) => (roll() < 40 ? roll() % (commands + 1) : undefined),
          state: (kept) => kept,
        });
        expect(state).to.deep.equal(expected.state);
        expect(announced).to.deep.equal(expected.announced);
      }),
      { numRuns: 300 },
    );
  });

  it('are their state alone: a clone of it goes on as the state itself', () => {
    fc.assert(
      fc.property(given, (of) => {
        const expected = play(of, whole);
        const { state, announced } = play(of, { cut: () => undefined, state: (one) => structuredClone(one) });
        expect(state).to.deep.equal(expected.state);
        expect(announced).to.deep.equal(expected.announced);
      }),
      { numRuns: 100 },
    );
  });

  it('are the same again out of their trace', () => {
    fc.assert(
      fc.property(given, (of) => {
        const { state, trace } = play(of, whole);
        const replay = new TraceReplay();
        for (const line of trace) replay.add(line);
        expect(replay.state).to.deep.equal(state);
        expect(replay.report()).to.include({ phase: 'ended', happenings: trace.length - 1, cutOffLine: undefined });
      }),
      { numRuns: 100 },
    );
  });
});
