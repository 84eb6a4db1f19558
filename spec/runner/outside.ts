import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError } from '../../lib/base/index.js';
import { holdsClaim, isFinal } from '../../lib/runner/brain/function-state.js';
import type { AdoptedAttempt, RecalledSuccess, Recollection, RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import type { RunState } from '../../lib/runner/brain/run-state.js';
import { thrownData } from '../../lib/value/index.js';

/** What may happen to a run beside the ordinary. */
export interface Weather {
  /** Whether nodes and values are lost, for the first 300 turns; after that everybody only works. */
  readonly losses: boolean;
  /** The turn in which the run is cancelled, or abandoned. */
  readonly endAt: number | undefined;
  readonly endWith: 'run-ending' | 'run-abandoned';
  /** Whether answers come that are not waited for any more. */
  readonly lateAnswers: boolean;
  /** Whether the run goes on after another driver: with recorded successes, and attempts that run. */
  readonly inherits: boolean;
}

/** Random DAGs, as the producers of each function by its id. */
export const randomEdges = fc
  .array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 18 })
  .map((needs) =>
    Object.fromEntries(
      needs.map((producers, at) => [`f${at}`, [...new Set(producers)].filter((producer) => producer < at).map((one) => `f${one}`)]),
    ),
  );

/** Random policies, and random weather. */
export const randomPolicy = fc.record({
  onFailure: fc.constantFrom<'abort' | 'continue'>('abort', 'continue'),
  maxRetries: fc.nat(2),
  collected: fc.constantFrom<'all' | 'none'>('all', 'none'),
  journal: fc.constantFrom<'none' | 'batched' | 'strict'>('none', 'batched', 'strict'),
  remembers: fc.boolean(),
});
export const randomWeather = fc.record({
  losses: fc.boolean(),
  endAt: fc.option(fc.nat(60), { nil: undefined }),
  endWith: fc.constantFrom<Weather['endWith']>('run-ending', 'run-abandoned'),
  lateAnswers: fc.boolean(),
  inherits: fc.boolean(),
});

const boom = thrownData(new Error('boom'));
const lost = thrownData(new HandoffError('HANDOFF_RESULT_LOST', 'nobody has it'));
const cancelled = thrownData(new HandoffError('HANDOFF_RUN_CANCELLED', 'cancelled'));

/**
 * Allocator, executor and clock of a run, played with dice. It knows what is outstanding and nothing else: the same dice make the same of
 * the same. Each turn lasts a millisecond, and a rest may end before its time.
 */
export class Outside {
  readonly wanted = new Set<number>();
  /** The attempts under way, and those of them that are to stop, with the time they have. */
  readonly underWay = new Map<number, number>();
  readonly stopping = new Map<number, number>();
  readonly rests = new Map<number, readonly [attempt: number, dueMs: number]>();
  readonly fetching = new Map<number, number>();
  /** The successes that are on their way to the journal, by function, with the attempt. */
  readonly recording = new Map<number, number>();
  /** The functions that are looked up, and those that others wait for, as they were not found. */
  readonly lookUps = new Set<number>();
  readonly keys = new Set<number>();
  turn = false;
  /** How often the run has ended. */
  ended = 0;
  /** Claims, by function and node. */
  readonly claims = new Map<string, number>();

  /** Does what a command says. */
  perform(command: RunCommand, nowMs: number): void {
    switch (command.type) {
      case 'request-claim':
        expect(this.wanted.has(command.index), 'it was asked for').to.equal(false);
        return void this.wanted.add(command.index);
      case 'look-up-result':
        return void this.lookUps.add(command.index);
      case 'free-key':
        return void this.keys.delete(command.index);
      case 'withdraw-claim':
        return void this.wanted.delete(command.index);
      case 'start-attempt':
        return void this.underWay.set(command.index, command.attempt);
      case 'stop-attempt':
        this.underWay.set(command.index, command.attempt);
        // A second stop may only shorten the time.
        return void this.stopping.set(command.index, Math.min(this.stopping.get(command.index) ?? Infinity, nowMs + command.graceMs));
      case 'rest-function':
        return void this.rests.set(command.index, [command.attempt, nowMs + command.delayMs]);
      case 'fetch-value':
        return void this.fetching.set(command.index, command.attempt);
      case 'record-success':
        return void this.recording.set(command.index, command.attempt);
      case 'take-turn':
        this.turn = true;
        return;
      case 'free-claim': {
        const name = `${command.index} on ${command.node}`;
        expect(this.claims.get(name), `${name} is held`).to.be.above(0);
        return void this.claims.set(name, this.claims.get(name)! - 1);
      }
      case 'end-run':
        this.ended += 1;
    }
  }

  /** What is outstanding, with the times at which it is due. A run that is ending waits for no rest and no value. */
  outstanding(state: RunState, nowMs: number): unknown {
    const { wanted, underWay, stopping, rests, fetching, recording, lookUps, keys, turn, ended } = this;
    const sorted = (of: Iterable<unknown>): unknown[] => [...of].sort((a, b) => String(a).localeCompare(String(b)));
    if (state.phase === 'ended') return { ended };
    const isOpen = state.phase === 'open';
    return {
      wanted: isOpen ? sorted(wanted) : [],
      lookUps: isOpen ? sorted([...lookUps].filter((index) => state.states[index] === 'looking-up')) : [],
      keys: sorted(keys),
      underWay: sorted(underWay),
      stopping: sorted([...stopping].map(([index, dueMs]) => [index, Math.max(dueMs, nowMs)])),
      rests: isOpen ? sorted([...rests].map(([index, [attempt, dueMs]]) => [index, attempt, Math.max(dueMs, nowMs)])) : [],
      fetching: isOpen ? sorted([...fetching].filter(([index]) => state.fetching.has(index))) : [],
      recording: sorted([...recording].filter(([index]) => state.recording.has(index))),
      turn: isOpen && turn,
    };
  }

  /** What happens next; `undefined` where nothing could any more. */
  next(state: RunState, roll: () => number, turn: number, weather: Weather): RunHappening | undefined {
    if (turn === 0) return weather.inherits ? { type: 'run-begun', recalled: this.#past(state, roll) } : { type: 'run-begun' };
    if (turn === weather.endAt) {
      if (weather.endWith === 'run-abandoned') return { type: 'run-abandoned', error: cancelled };
      return { type: 'run-ending', error: cancelled, graceMs: roll() };
    }
    if (!weather.lateAnswers) this.#forget(state);
    if (this.turn && roll() < 50) {
      this.turn = false;
      return { type: 'turn-taken' };
    }
    // Under `strict` alone a run waits for its records.
    for (const index of [...this.recording.keys()]) if (!state.recording.has(index)) this.recording.delete(index);
    const mayLose = weather.losses && turn < 300;
    const gone = mayLose && roll() < 15 ? [...state.states.keys()].filter((index) => state.hasValue[index] === 1 && roll() < 50) : [];
    if (gone.length > 0) return { type: 'values-lost', indices: gone };
    const pick = <T>(of: ReadonlyMap<number, T>): readonly [number, T] => [...of].sort(([a], [b]) => a - b)[roll() % of.size]!;
    if (this.recording.size > 0 && mayLose && roll() < 2) return { type: 'journal-lost', error: boom };
    if (this.lookUps.size > 0 && (roll() < 30 || this.#isQuiet))
      return this.#lookedUp(pick(new Map([...this.lookUps].map((one) => [one, one])))[0], roll);
    const isAlone = this.wanted.size + this.rests.size + this.underWay.size + this.fetching.size === 0;
    if (this.recording.size > 0 && (isAlone || roll() < 30)) return this.#recorded();
    const isIdle = this.wanted.size + this.rests.size === 0;
    if (this.fetching.size > 0 && (roll() < 30 || (isIdle && this.underWay.size === 0))) return this.#fetched(state, pick(this.fetching));
    if (this.underWay.size > 0 && (roll() < 50 || isIdle)) return this.#attempt(state, pick(this.underWay), roll, mayLose);
    if (this.wanted.size > 0) {
      const [index] = pick(new Map([...this.wanted].map((one) => [one, one])));
      this.wanted.delete(index);
      if (mayLose && roll() < 2) return { type: 'node-missed', index, node: 'gone', waitedMs: 1 };
      const node = roll() < 50 ? 'near' : 'far';
      const name = `${index} on ${node}`;
      this.claims.set(name, (this.claims.get(name) ?? 0) + 1);
      return { type: 'function-placed', index, node, mayQueue: roll() < 50 };
    }
    if (this.rests.size > 0) {
      const [index, [attempt]] = pick(this.rests);
      this.rests.delete(index);
      return { type: 'function-rested', index, attempt };
    }
    return undefined;
  }

  /** Whether nothing but look-ups is outstanding. */
  get #isQuiet(): boolean {
    return this.wanted.size + this.rests.size + this.underWay.size + this.fetching.size + this.recording.size === 0;
  }

  #lookedUp(index: number, roll: () => number): RunHappening {
    this.lookUps.delete(index);
    if (roll() < 50) return { type: 'result-remembered', index, node: 'near', sizeBytes: 8, isHere: roll() < 70 };
    this.keys.add(index);
    return { type: 'result-not-remembered', index };
  }

  /** Recorded successes with all that they consume; and attempts whose arguments are recorded, with their claims. */
  #past(state: RunState, roll: () => number): Recollection {
    const successes: RecalledSuccess[] = [];
    const adopted: AdoptedAttempt[] = [];
    const isRecalled = new Set<number>();
    for (const index of state.plan.ids.keys()) {
      if (!producersOf(state, index).every((producer) => isRecalled.has(producer))) continue;
      if (roll() < 50) {
        isRecalled.add(index);
        successes.push({ index, attempt: 1, node: 'near', tookMs: 1, sizeBytes: 8, hasValue: roll() < 80, isElsewhere: roll() < 50 });
      } else if (roll() < 70) {
        adopted.push({ index, attempt: 1 + (roll() % 2), node: 'far' });
        this.claims.set(`${index} on far`, 1);
      }
    }
    return { successes, reasons: [], tells: 'all', adopted };
  }

  /** What is not waited for any more. */
  #forget({ phase, fetching, states }: RunState): void {
    for (const index of this.lookUps) if (states[index] !== 'looking-up') this.lookUps.delete(index);
    for (const [index, attempt] of this.fetching) if (fetching.get(index) !== attempt) this.fetching.delete(index);
    if (phase === 'open') return;
    this.wanted.clear();
    this.rests.clear();
    this.lookUps.clear();
    this.turn = false;
  }

  /** A group of successes is on disk. */
  #recorded(): RunHappening {
    const successes = [...this.recording].sort(([a], [b]) => a - b).map(([index, attempt]) => ({ index, attempt }));
    this.recording.clear();
    return { type: 'successes-recorded', successes };
  }

  #fetched(state: RunState, [index, attempt]: readonly [number, number]): RunHappening {
    this.fetching.delete(index);
    const isThere = state.hasValue[index] === 1 || state.attempts[index] !== attempt;
    return isThere ? { type: 'value-fetched', index, attempt } : { type: 'value-missing', index, attempt, error: lost };
  }

  #attempt(state: RunState, [index, attempt]: readonly [number, number], roll: () => number, mayLose: boolean): RunHappening {
    const isStopping = this.stopping.has(index);
    const gone = producersOf(state, index).find((producer) => state.hasValue[producer] === 0);
    const die = roll();
    const isGone = mayLose && gone !== undefined && die < 70;
    if (!isStopping && state.states[index] === 'placed' && !isGone && (die >= 20 || !mayLose))
      return { type: 'attempt-started', index, attempt };
    this.underWay.delete(index);
    this.stopping.delete(index);
    if (isStopping && (die >= 60 || state.states[index] === 'placed')) return { type: 'attempt-stopped', index, attempt };
    if (isGone) return { type: 'argument-lost', index, attempt, producer: gone, error: lost };
    if (mayLose && die < 20) return { type: die < 10 ? 'attempt-lost' : 'attempt-declined', index, attempt };
    if (die < 35 && state.states[index] === 'running')
      return { type: 'attempt-failed', index, attempt, error: boom, final: die < 5, random: roll() / 100 };
    const receipt = { node: state.nodes[index]!, sizeBytes: 8, tookMs: 1, isHere: die < 70 };
    return { type: 'attempt-succeeded', index, attempt, receipt };
  }

  /** What always holds between two turns. */
  check(state: RunState): void {
    const { plan, counts } = state;
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
      expect(counts[name], name).to.equal(state.states.filter((one) => one === name).length);
    }
    expect(Object.values(progressOf(state)).reduce((sum, count) => sum + count, 0)).to.equal(2 * plan.size);
    // The state is the truth: whoever is placed or runs holds a claim on its node, and nobody else holds any.
    const held = [...this.claims].filter(([, count]) => count > 0).flatMap(([name, count]) => new Array(count).fill(name));
    const holding = state.states.flatMap((one, index) => (holdsClaim(one) ? [`${index} on ${state.nodes[index]}`] : []));
    expect(held.sort()).to.deep.equal(holding.sort());
    for (const index of state.states.keys()) {
      expect(state.recording.has(index)).to.equal(state.states[index] === 'recording');
    }
    // Whoever others wait for will give its result soon, or they are told that it will not.
    for (const index of this.keys) if (state.states[index] === 'succeeded' || state.states[index] === 'recording') this.keys.delete(index);
    if (state.phase !== 'ended') expect([...this.keys].sort()).to.deep.equal([...state.keyed].sort());
    for (const index of state.keyed) expect(state.states[index]).to.be.oneOf(['ready', 'placed', 'running']);
    for (const [index, attempt] of state.fetching) {
      expect([state.states[index], state.attempts[index]]).to.deep.equal(['succeeded', attempt]);
    }
    if (state.phase !== 'open') return;
    for (let index = 0; index < plan.size; index += 1) {
      const missing = producersOf(state, index).filter((producer) => state.states[producer] !== 'succeeded').length;
      expect(state.missing[index], plan.ids[index]).to.equal(missing);
      if (state.states[index] === 'ready' || state.states[index] === 'looking-up') expect(missing).to.equal(0);
      expect(state.restsUntilMs.has(index)).to.equal(state.states[index] === 'resting');
    }
  }

  /** What holds when a run has ended. */
  checkEnd(state: RunState): void {
    expect(this.ended).to.equal(1);
    expect(state.states.every(isFinal)).to.equal(true);
    expect(state.keyed.size).to.equal(0);
    expect([...this.claims.values()].every((count) => count === 0)).to.equal(true);
  }
}

const producersOf = ({ plan }: RunState, index: number): number[] => [
  ...plan.producers.subarray(plan.producersStart[index]!, plan.producersStart[index + 1]!),
];
