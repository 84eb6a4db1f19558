import { expect } from 'chai';
import fc from 'fast-check';
import { canGrow, growingShape } from '../../lib/dag/index.js';
import type { RunCommand } from '../../lib/runner/brain/messages.js';
import { recover } from '../../lib/runner/brain/recover.js';
import { newRunState, type RunState } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { traceHeader, traceLine } from '../../lib/runner/trace/trace-lines.js';
import { TraceReplay } from '../../lib/runner/trace/trace-replay.js';
import { dice } from './brain.js';
import { type Fate, outcomeOf } from './growing-oracle.js';
import { type Program, planOf, randomProgram } from './growing-program.js';
import { type GrowingRecord, type GrowingWeather, GrowingWorld } from './growing-world.js';

/** A run with dice: what it is, and what becomes of it. */
interface Given {
  readonly size: number;
  readonly program: number;
  readonly seed: number;
  readonly onFailure: 'abort' | 'continue';
  readonly collected: 'all' | 'sinks' | 'none';
  readonly journal: 'none' | 'strict';
  readonly weather: GrowingWeather;
}

const given = fc.record({
  size: fc.integer({ min: 1, max: 9 }),
  program: fc.integer(),
  seed: fc.integer(),
  onFailure: fc.constantFrom<Given['onFailure']>('abort', 'continue', 'continue'),
  collected: fc.constantFrom<Given['collected']>('all', 'sinks', 'none'),
  journal: fc.constantFrom<Given['journal']>('none', 'none', 'strict'),
  weather: fc.record({
    losses: fc.boolean(),
    endAt: fc.option(fc.nat(80), { nil: undefined, freq: 3 }),
    endWith: fc.constantFrom<GrowingWeather['endWith']>('run-ending', 'run-abandoned'),
    staleParts: fc.boolean(),
    lengthsChange: fc.boolean(),
    failsAgain: fc.boolean(),
    cutExpansions: fc.boolean(),
    shortTurns: fc.boolean(),
  }),
});

function newRun({ functions, inputs }: Program, { onFailure, collected, journal }: Given): RunState {
  const { shape, sinks } = planOf(functions, inputs.length);
  const wanted = new Uint8Array(shape.size).fill(Number(collected === 'all'));
  if (collected === 'sinks') for (const sink of sinks) wanted[sink] = 1;
  const plan = canGrow(shape.growth) ? growingShape(shape) : shape;
  return newRunState('r', plan, { maxRetries: 1, onFailure, collected: wanted, stopGraceMs: 50, journal, driver: 'here' });
}

interface Between {
  cut(turn: number, commands: number): number | undefined;
  state(state: RunState): RunState;
}

const whole: Between = { cut: () => undefined, state: (state) => state };

/** A run that goes on from a record, or is left after so many turns. */
interface Resumed {
  readonly record?: GrowingRecord;
  readonly until?: number;
}

interface Played {
  readonly program: Program;
  readonly state: RunState;
  readonly world: GrowingWorld;
  readonly announced: readonly {
    readonly type: string;
    readonly functionId?: string;
    readonly by?: string;
    readonly count?: number;
    readonly reason?: string;
  }[];
  readonly trace: readonly string[];
}

/** Plays a run to its end. */
function play(of: Given, { cut, state: kept }: Between = whole, { record, until = Number.POSITIVE_INFINITY }: Resumed = {}): Played {
  const roll = dice(of.seed);
  const program = randomProgram(dice(of.program), of.size);
  const announced: Played['announced'][number][] = [];
  let state = newRun(program, of);
  if (!state.growth) return { program, state, world: new GrowingWorld(program), announced, trace: [] };
  const trace = [traceHeader(state)];
  let world = new GrowingWorld(program, record);
  const taken = new Set<string>();
  for (let turn = 0; state.phase !== 'ended'; turn += 1) {
    if (turn === until) return { program, state, world, announced, trace };
    expect(turn).to.be.below(20_000);
    const happening = world.next(state, roll, turn, of.weather);
    if (!happening)
      throw new Error(`nothing is left to do: ${state.plan.ids.map((id, index) => `${id} ${state.states[index]}`).join(', ')}`);
    const at = { nowMs: turn, wallMs: 1000 + turn };
    const commands: RunCommand[] = [];
    trace.push(traceLine(trace.length + 1, happening, at));
    if (of.weather.shortTurns && happening.type !== 'turn-taken') state.growth!.budget = Math.min(state.growth!.budget, 2);
    stepRun(state, happening, at, commands);
    for (const command of commands) {
      if (command.type !== 'announce') continue;
      const event = command.event as Played['announced'][number];
      announced.push(event);
      const id = event.functionId ?? event.by;
      if (event.type === 'function-ready' || event.type === 'functions-added') taken.add(id!);
      if (event.reason === 'not-taken') expect(taken.has(id!), `${id} was taken`).to.equal(false);
    }
    const done = cut(turn, commands.length);
    if (done === undefined) for (const command of commands) world.perform(command);
    else world = successor(program, world, state, commands, done, turn);
    world.check(state);
    state = kept(state);
  }
  world.checkEnd(state);
  return { program, state, world, announced, trace };
}

/** The shell is lost after `done` commands: another one has of it what is done at once, and what `recover` says. */
function successor(
  program: Program,
  lost: GrowingWorld,
  state: RunState,
  commands: readonly RunCommand[],
  done: number,
  turn: number,
): GrowingWorld {
  for (const command of commands.slice(0, done)) lost.perform(command);
  const next = new GrowingWorld(program);
  for (const [name, count] of lost.claims) next.claims.set(name, count);
  for (const command of commands.slice(done)) if (command.type === 'free-claim') next.perform(command);
  for (const command of recover(state, { nowMs: turn, wallMs: 1000 + turn })) next.perform(command);
  for (const command of commands.slice(done)) lost.perform(command);
  expect(next.outstanding(state)).to.deep.equal(lost.outstanding(state));
  return next;
}

/** What a run has recorded: successes of functions, DAGs that expansions gave, and failures of what was optional. */
function recordOf(state: RunState): GrowingRecord {
  const { ids, growth } = state.plan;
  const successes = new Map<string, number>();
  const failures = new Map<string, number>();
  for (const [index, id] of ids.entries()) {
    const function_ = state.states[index];
    if (function_ === 'failed' && state.absent.has(index)) failures.set(id, state.attempts[index]!);
    const isExpansion = growth!.expansions.has(index);
    const isRecorded = isExpansion ? function_ === 'open' || state.growth!.composites.has(index) : function_ === 'succeeded';
    if (isRecorded && !failures.has(id) && !growth!.maps.has(index)) successes.set(id, state.attempts[index]!);
  }
  return { successes, failures };
}

/** How a function has ended. */
function fateOf(state: RunState, index: number): Fate {
  const function_ = state.states[index]!;
  if (function_ === 'skipped') return state.absent.has(index) ? 'not-taken' : 'producer-failed';
  return function_ === 'failed' || function_ === 'succeeded' ? function_ : 'any';
}

/** Compares a run that nothing ended with what its program comes to. */
function compare({ program, state }: Played, onFailure: Given['onFailure']): void {
  const { ids } = state.plan;
  const actual = new Map(ids.map((id, index) => [id, fateOf(state, index)]));
  const { fates, fatal } = outcomeOf(program);
  const failed = state.failed.map(({ functionId }) => functionId!);
  if (onFailure === 'abort' && fatal.length > 0) {
    expect(failed.length).to.be.above(0);
    return;
  }
  expect(failed).to.include.members([...fatal]);
  for (const id of failed) expect(fatal.includes(id) || fates.get(id) === 'any', id).to.equal(true);
  for (const [id, fate] of fates) if (fate !== 'any') expect(actual.get(id), id).to.equal(fate);
  for (const id of ids)
    if (!fates.has(id))
      expect(ids.some((one) => fates.get(one) === 'any' && id.startsWith(`${one}/`)) || isWithinAny(fates, id), id).to.equal(true);
  for (const { functionId } of state.tolerated) expect(actual.get(functionId!), functionId).to.equal('failed');
}

/** Whether something that an id is a part of depends on the order. */
function isWithinAny(fates: ReadonlyMap<string, Fate>, id: string): boolean {
  for (let at = id.lastIndexOf('/'); at > 0; at = id.lastIndexOf('/', at - 1)) if (fates.get(id.slice(0, at)) !== 'succeeded') return true;
  return false;
}

/** Parts come after they are told of, and the whole ends after them. */
function checkEvents({ announced, state }: Played): void {
  const added = new Map<string, number>();
  const ended = new Set<string>();
  for (const { type, functionId, by, count } of announced) {
    if (type === 'functions-added') {
      expect(added.has(by!), `${by} is told once`).to.equal(false);
      added.set(by!, count!);
    }
    if (functionId === undefined) continue;
    const whole = functionId.endsWith(']')
      ? functionId.replace(/\[\d+\]$/, '')
      : functionId.slice(0, Math.max(0, functionId.lastIndexOf('/')));
    if (whole !== '') expect(added.has(whole), functionId).to.equal(true);
    if (type === 'function-succeeded') ended.add(functionId);
    if (type === 'function-lost') ended.delete(functionId);
    if (type === 'function-succeeded' && added.has(functionId)) {
      const parts = state.plan.ids.filter((_, index) => state.plan.ids[state.plan.added!.parentOf[index]!] === functionId);
      expect(parts.length).to.equal(added.get(functionId));
      for (const part of parts) {
        const isAbsent = state.absent.has(state.plan.ids.indexOf(part));
        expect(isAbsent || ended.has(part), `${part} has ended before ${functionId}`).to.equal(true);
      }
    }
  }
}

/** Found once: a map has ended in vain before another one that takes its elements has got them all. */
const VAIN_BEFORE_ITS_FOLLOWER: Given = {
  size: 4,
  program: -214470082,
  seed: 1242083610,
  onFailure: 'continue',
  collected: 'sinks',
  journal: 'none',
  weather: {
    losses: false,
    endAt: undefined,
    endWith: 'run-ending',
    staleParts: true,
    lengthsChange: false,
    failsAgain: false,
    cutExpansions: false,
    shortTurns: false,
  },
};

/** Found once: an element is computed again whose map has succeeded, and what that map is within ends early. */
const AGAIN_WITHIN_WHAT_ENDS_EARLY: Given = {
  size: 4,
  program: -1859549531,
  seed: 1135842805,
  onFailure: 'abort',
  collected: 'all',
  journal: 'none',
  weather: {
    losses: true,
    endAt: undefined,
    endWith: 'run-ending',
    staleParts: false,
    lengthsChange: true,
    failsAgain: false,
    cutExpansions: false,
    shortTurns: false,
  },
};

/** What comes out does not depend on how often a function runs. */
const ALWAYS_THE_SAME = { lengthsChange: false, failsAgain: false } as const;

describe('runs that branch and grow, at random', () => {
  it('come to what their programs come to, one function after the other', () => {
    fc.assert(
      fc.property(given, (of) => {
        const played = play({ ...of, weather: { ...of.weather, endAt: undefined, losses: false, ...ALWAYS_THE_SAME } });
        if (!played.state.growth) return;
        compare(played, of.onFailure);
        checkEvents(played);
      }),
      { numRuns: 150, examples: [[VAIN_BEFORE_ITS_FOLLOWER]] },
    );
  });

  it('come to the same whatever values and nodes are lost', () => {
    fc.assert(
      fc.property(given, (of) => {
        const played = play({ ...of, weather: { ...of.weather, endAt: undefined, losses: true, ...ALWAYS_THE_SAME } });
        if (!played.state.growth) return;
        compare(played, of.onFailure);
      }),
      { numRuns: 150 },
    );
  });

  it('end, free every claim, and keep their books, whenever they end', () => {
    fc.assert(
      fc.property(given, (of) => {
        play(of);
      }),
      { numRuns: 300, examples: [[AGAIN_WITHIN_WHAT_ENDS_EARLY]] },
    );
  });

  it('go on as if nothing had been when the shell is lost after any command, and another takes the state up', () => {
    fc.assert(
      fc.property(given, fc.integer(), (one, cuts) => {
        const of = { ...one, weather: { ...one.weather, shortTurns: false } };
        const expected = play(of);
        const roll = dice(cuts);
        const { state, announced } = play(of, {
          cut: (_turn, commands) => (roll() < 40 ? roll() % (commands + 1) : undefined),
          state: (kept) => kept,
        });
        expect(state).to.deep.equal(expected.state);
        expect(announced).to.deep.equal(expected.announced);
      }),
      { numRuns: 150 },
    );
  });

  it('come to the same when another driver goes on from what is recorded of them', () => {
    fc.assert(
      fc.property(given, fc.nat(120), (one, until) => {
        const of: Given = { ...one, journal: 'strict', weather: { ...one.weather, endAt: undefined, ...ALWAYS_THE_SAME } };
        const { state } = play(of, whole, { until });
        if (!state.growth || state.phase === 'ended') return;
        const record = recordOf(state);
        const played = play({ ...of, weather: { ...of.weather, losses: false } }, whole, { record });
        compare(played, of.onFailure);
        checkEvents(played);
        for (const id of record.successes.keys()) {
          const index = played.state.plan.ids.indexOf(id);
          const isAgain = played.state.attempts[index]! > record.successes.get(id)!;
          if (index >= 0 && !isAgain && played.state.states[index] !== 'cancelled') {
            expect(
              played.announced.some(({ type, functionId }) => type === 'function-ready' && functionId === id),
              id,
            ).to.equal(false);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('end, free every claim, and keep their books, when another driver goes on and much is lost, fails and changes by then', () => {
    fc.assert(
      fc.property(given, fc.nat(120), (one, until) => {
        const of: Given = { ...one, journal: 'strict' };
        const { state } = play({ ...of, weather: { ...of.weather, endAt: undefined, ...ALWAYS_THE_SAME } }, whole, { until });
        if (!state.growth || state.phase === 'ended') return;
        play(of, whole, { record: recordOf(state) });
      }),
      { numRuns: 150 },
    );
  });

  it('are their state alone: a clone of it goes on as the state itself', () => {
    fc.assert(
      fc.property(given, (of) => {
        const expected = play(of);
        const { state, announced } = play(of, { cut: () => undefined, state: (one) => structuredClone(one) });
        expect(state).to.deep.equal(expected.state);
        expect(announced).to.deep.equal(expected.announced);
      }),
      { numRuns: 60 },
    );
  });

  it('are the same again out of their trace', () => {
    fc.assert(
      fc.property(given, (of) => {
        const { state, trace } = play({ ...of, weather: { ...of.weather, shortTurns: false } });
        if (trace.length === 0) return;
        const replay = new TraceReplay();
        for (const line of trace) replay.add(line);
        expect(replay.state).to.deep.equal(state);
      }),
      { numRuns: 60 },
    );
  });
});
