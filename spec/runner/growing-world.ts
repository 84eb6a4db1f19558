import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { PlanFragment } from '../../lib/dag/index.js';
import { holdsClaim, isFinal, usesLimit } from '../../lib/runner/brain/function-state.js';
import type { RecalledFailure, RecalledSuccess, RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import type { RunState } from '../../lib/runner/brain/run-state.js';
import { thrownData } from '../../lib/value/index.js';
import {
  canBeLost,
  dependentsOf,
  holdOf,
  isComplete,
  isOverEarly,
  isPipelined,
  isWithinEarly,
  missingArgument,
  parentOf,
  producersOf,
  sortedKeys,
} from './growing-facts.js';
import { cutOf, factsOf, failsAlways, type Given, type Program, Registry } from './growing-program.js';

/** What may happen to a run beside the ordinary. */
export interface GrowingWeather {
  readonly losses: boolean;
  readonly endAt: number | undefined;
  readonly endWith: 'run-ending' | 'run-abandoned';
  /** Whether parts come that are for a plan of another size. */
  readonly staleParts: boolean;
  /** Whether arrays have other lengths when they are computed again. */
  readonly lengthsChange: boolean;
  /** Whether functions may fail that are tried or computed again. */
  readonly failsAgain: boolean;
  /** Whether the functions of an expansion come a few at a time. */
  readonly cutExpansions: boolean;
  /** Whether little is done in one turn of the event loop. */
  readonly shortTurns: boolean;
}

const boom = thrownData(new Error('boom'));
const lost = thrownData(new HandoffError('HANDOFF_RESULT_LOST', 'nobody has it'));
const cancelled = thrownData(new HandoffError('HANDOFF_RUN_CANCELLED', 'cancelled'));

/** The successes that a run has recorded, and the failures of what was optional: by id, the number of the attempt. */
export interface GrowingRecord {
  readonly successes: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
}

/** What a function gives another time. */
const otherThan = (given: Given): Given => ('array' in given ? { array: given.array + 1 } : { primitive: 'primitive' in given ? 1 : 'x' });

/** So many turns things are lost; then everybody only works. */
const BAD_TURNS = 150;

/** Allocator, executor, clock and plan of a run that grows, played with dice. It knows what is outstanding and the program, and no more. */
export class GrowingWorld {
  readonly wanted = new Set<number>();
  readonly underWay = new Map<number, number>();
  readonly stopping = new Set<number>();
  readonly rests = new Map<number, number>();
  readonly fetching = new Map<number, number>();
  readonly recording = new Map<number, number>();
  readonly claims = new Map<string, number>();
  appending: Extract<RunCommand, { type: 'append-elements' }> | undefined;
  readonly expanding = new Map<number, number>();
  turns = 0;
  ended = 0;
  readonly registry: Registry;
  readonly #program: Program;

  readonly #record: GrowingRecord | undefined;

  /** `record`: what an earlier run of the program has recorded. */
  constructor(program: Program, record?: GrowingRecord) {
    this.#program = program;
    this.#record = record;
    this.registry = new Registry(program);
  }

  perform(command: RunCommand): void {
    switch (command.type) {
      case 'request-claim':
        expect(this.wanted.has(command.index), 'it was asked for').to.equal(false);
        return void this.wanted.add(command.index);
      case 'withdraw-claim':
        return void this.wanted.delete(command.index);
      case 'start-attempt':
        return void this.underWay.set(command.index, command.attempt);
      case 'stop-attempt':
        this.underWay.set(command.index, command.attempt);
        return void this.stopping.add(command.index);
      case 'rest-function':
        return void this.rests.set(command.index, command.attempt);
      case 'fetch-value':
        return void this.fetching.set(command.index, command.attempt);
      case 'record-success':
        return void this.recording.set(command.index, command.attempt);
      case 'append-elements':
        this.appending = command;
        return;
      case 'expand':
        return void this.expanding.set(command.index, command.attempt);
      case 'take-turn':
        this.turns += 1;
        expect(this.turns, 'it has one turn coming').to.equal(1);
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

  /** What is outstanding, as far as the run still waits for it. */
  outstanding(state: RunState): unknown {
    if (state.phase === 'ended') return this.ended;
    const isOpen = state.phase === 'open';
    this.#forget(state);
    const sorted = (of: Iterable<unknown>): string[] => [...of].map(String).sort();
    return {
      wanted: sorted(this.wanted),
      underWay: sorted(this.underWay),
      stopping: sorted(this.stopping),
      rests: sorted(this.rests),
      fetching: sorted(this.fetching),
      recording: sorted(this.recording),
      appending: isOpen && this.appending,
      expanding: sorted(this.expanding),
      turns: this.turns,
    };
  }

  /** What is not waited for any more. */
  #forget(state: RunState): void {
    for (const index of [...this.recording.keys()]) if (!state.recording.has(index)) this.recording.delete(index);
    for (const [index, attempt] of this.fetching) if (state.fetching.get(index) !== attempt) this.fetching.delete(index);
    for (const index of [...this.rests.keys()]) if (state.states[index] !== 'resting' || state.phase !== 'open') this.rests.delete(index);
    for (const [index, attempt] of this.expanding) {
      if (state.phase !== 'open' || state.states[index] !== 'open' || state.attempts[index] !== attempt) this.expanding.delete(index);
      else if (isComplete(state, index)) this.expanding.delete(index);
    }
    // An answer that is late is left out.
    if (state.growth!.appending === 0 || state.growth!.opening[0] !== this.appending?.index) this.appending = undefined;
    if (state.phase === 'open') return;
    this.wanted.clear();
    this.appending = undefined;
  }

  /** What happens next; `undefined` where nothing could any more. */
  next(state: RunState, roll: () => number, turn: number, weather: GrowingWeather): RunHappening | undefined {
    if (turn === 0) {
      const inputs = this.#program.inputs.map((given, input) => [-1 - input, factsOf(given)] as const);
      if (!this.#record) return { type: 'run-begun', inputs };
      const { recalled, failures } = this.#recalled(state.plan.ids, 0, roll);
      return { type: 'run-begun', inputs, recalled: { successes: recalled, failures, reasons: [], tells: 'all' } };
    }
    if (turn === weather.endAt) {
      if (weather.endWith === 'run-abandoned') return { type: 'run-abandoned', error: cancelled };
      return { type: 'run-ending', error: cancelled, graceMs: roll() };
    }
    this.#forget(state);
    const mayLose = weather.losses && turn < BAD_TURNS;
    if (mayLose && roll() < 12) {
      const gone = [...state.states.keys()].filter((index) => canBeLost(state, index) && roll() < 40);
      if (gone.length > 0) return { type: 'values-lost', indices: gone };
    }
    const choices: (() => RunHappening)[] = [];
    if (this.turns > 0) choices.push(() => this.#turn());
    if (this.appending) choices.push(() => this.#append(state, roll, weather));
    for (const index of sortedKeys(this.expanding)) choices.push(() => this.#expand(state, index, roll, weather));
    for (const index of [...this.wanted].sort((a, b) => a - b)) choices.push(() => this.#place(index, roll));
    for (const index of sortedKeys(this.underWay)) choices.push(() => this.#attempt(state, index, roll, mayLose, weather));
    for (const index of sortedKeys(this.rests)) {
      choices.push(() => {
        const attempt = this.rests.get(index)!;
        this.rests.delete(index);
        return { type: 'function-rested', index, attempt };
      });
    }
    for (const index of sortedKeys(this.fetching)) choices.push(() => this.#fetched(state, index));
    if (this.recording.size > 0) {
      choices.push(() => {
        const successes = sortedKeys(this.recording).map((index) => ({ index, attempt: this.recording.get(index)! }));
        this.recording.clear();
        return { type: 'successes-recorded', successes };
      });
    }
    return choices.length === 0 ? undefined : choices[(roll() * 100 + roll()) % choices.length]!();
  }

  #turn(): RunHappening {
    this.turns = 0;
    return { type: 'turn-taken' };
  }

  #append(state: RunState, roll: () => number, { staleParts }: GrowingWeather): RunHappening {
    const { index, from, count, total } = this.appending!;
    this.appending = undefined;
    // Perhaps not all at once.
    const some = 1 + (roll() % count);
    const added = this.registry.elements(state, index, from, some, total);
    return this.#added(added, roll, staleParts);
  }

  #expand(state: RunState, index: number, roll: () => number, { staleParts, cutExpansions }: GrowingWeather): RunHappening {
    const whole = this.registry.insides(state, index);
    if (!whole) {
      this.expanding.delete(index);
      return { type: 'growth-refused', index, error: boom };
    }
    const first = state.growth!.composites.get(index)?.added ?? 0;
    const left = whole.total - first;
    const count = cutExpansions ? Math.min(left, 1 + (roll() % 2)) : left;
    if (count === left) this.expanding.delete(index);
    return this.#added(count === whole.total ? whole : cutOf(whole, state, first, count), roll, staleParts);
  }

  #added(added: PlanFragment, roll: () => number, staleParts: boolean): RunHappening {
    if (staleParts && roll() < 20) return { type: 'functions-added', added: { ...added, from: added.from + 1 } };
    return { type: 'functions-added', added, ...(this.#record && this.#recalled(added.ids, added.from, roll)) };
  }

  /** What is recorded of some functions. */
  #recalled(
    ids: readonly string[],
    from: number,
    roll: () => number,
  ): { readonly recalled: RecalledSuccess[]; readonly failures: RecalledFailure[] } {
    const { successes, failures } = this.#record!;
    const recalled = ids.flatMap((id, at) => {
      const attempt = successes.get(id);
      if (attempt === undefined) return [];
      const facts = factsOf(this.registry.of(id).gives);
      const where = { hasValue: roll() < 70, isElsewhere: roll() < 40 };
      return [{ index: from + at, attempt, node: 'near', tookMs: 1, sizeBytes: 8, ...where, ...facts }];
    });
    const failed = ids.flatMap((id, at) => {
      const attempt = failures.get(id);
      if (attempt === undefined) return [];
      return [{ index: from + at, attempt, failure: { code: 'HANDOFF_FUNCTION_FAILED', message: 'boom', functionId: id } as const }];
    });
    return { recalled, failures: failed };
  }

  #place(index: number, roll: () => number): RunHappening {
    this.wanted.delete(index);
    const node = roll() < 50 ? 'near' : 'far';
    const name = `${index} on ${node}`;
    this.claims.set(name, (this.claims.get(name) ?? 0) + 1);
    return { type: 'function-placed', index, node, mayQueue: roll() < 50 };
  }

  #fetched(state: RunState, index: number): RunHappening {
    const attempt = this.fetching.get(index)!;
    this.fetching.delete(index);
    if (state.hasValue[index] === 1 || state.attempts[index] !== attempt) return { type: 'value-fetched', index, attempt };
    return { type: 'value-missing', index, attempt, error: lost };
  }

  #attempt(state: RunState, index: number, roll: () => number, mayLose: boolean, weather: GrowingWeather): RunHappening {
    const attempt = this.underWay.get(index)!;
    const isStopping = this.stopping.has(index);
    const gone = missingArgument(state, index);
    const die = roll();
    const isGone = gone !== undefined && state.states[index] === 'placed' && die < 70;
    if (!isStopping && state.states[index] === 'placed' && !isGone && (die >= 20 || !mayLose)) {
      return { type: 'attempt-started', index, attempt };
    }
    this.underWay.delete(index);
    this.stopping.delete(index);
    if (isStopping && (die >= 60 || state.states[index] === 'placed')) return { type: 'attempt-stopped', index, attempt };
    if (isGone) return { type: 'argument-lost', index, attempt, producer: gone, error: lost };
    // A node is lost so seldom that nothing is given up for it.
    if (mayLose && die < 20) return { type: die < 3 && !state.lostOn.has(index) ? 'attempt-lost' : 'attempt-declined', index, attempt };
    const id = state.plan.ids[index]!;
    const fn = this.registry.of(id);
    const failsNow = failsAlways(fn, id) || (weather.failsAgain && attempt > 1 && die % 3 === 0);
    if (state.states[index] === 'running' && failsNow) {
      return { type: 'attempt-failed', index, attempt, error: boom, final: die < 50, random: 0 };
    }
    if (state.states[index] === 'running' && die < 30 && state.failures[index] === 0) {
      return { type: 'attempt-failed', index, attempt, error: boom, final: false, random: 0 };
    }
    const facts = factsOf(weather.lengthsChange && attempt > 1 ? otherThan(fn.gives) : fn.gives);
    const receipt = { node: state.nodes[index]!, sizeBytes: 8, tookMs: 1, isHere: die < 70, ...facts };
    return { type: 'attempt-succeeded', index, attempt, receipt };
  }

  /** What always holds between two turns. */
  check(state: RunState): void {
    const { plan, growth } = state;
    const isBusy = growth!.releasing.length + growth!.cancelling.length > 0;
    const total = plan.size + growth!.unadded + growth!.neverAdded;
    same(
      Object.values(state.counts).reduce((sum, count) => sum + count),
      plan.size,
      'counts',
    );
    same(
      Object.values(progressOf(state)).reduce((sum, count) => sum + count),
      2 * total,
      'progress',
    );
    let claims = 0;
    for (const count of this.claims.values()) claims += count;
    const parts = new Map<number, number[]>();
    for (const [index, function_] of state.states.entries()) {
      const name = plan.ids[index]!;
      if (holdsClaim(function_)) {
        claims -= 1;
        same(this.claims.get(`${index} on ${state.nodes[index]!}`), 1, `the claim of ${name}`);
      }
      same(state.recording.has(index), function_ === 'recording', `recording of ${name}`);
      const by = parentOf(state, index);
      if (by >= 0) parts.set(by, [...(parts.get(by) ?? []), index]);
    }
    same(claims, 0, 'claims that nobody holds');
    if (state.phase !== 'open' || growth!.isRecalling) return;
    if (isBusy) same(this.turns, 1, 'turns that are to come');
    same(growth!.ended.length + growth!.due.length + growth!.freed.length, 0, 'queues');
    let unadded = 0;
    for (const { total: all, added } of growth!.composites.values()) unadded += all - added;
    same(growth!.unadded, unadded, 'unadded');
    for (let index = 0; index < plan.size; index += 1) this.#checkFunction(state, index, parts.get(index) ?? [], isBusy);
    for (const [by, { left }] of growth!.limits) {
      const own = parts.get(by) ?? [];
      const active = own.filter((index) => usesLimit(state.states[index]!));
      const due = own.filter((index) => state.states[index] === 'waiting' && state.missing[index] === 0);
      same(active.length + left, plan.growth!.maps.get(by)!.concurrency, 'the bound');
      if (due.length > 0 && !isWithinEarly(state, by)) same(left, 0, 'room that is not used');
    }
  }

  #checkFunction(state: RunState, index: number, parts: readonly number[], isBusy: boolean): void {
    const { plan, growth } = state;
    const id = plan.ids[index]!;
    const composite = growth!.composites.get(index);
    const function_ = state.states[index]!;
    const isThere = (one: number): boolean => state.states[one] === 'succeeded' || state.absent.has(one);
    if (composite) {
      const open = parts.filter((part) => !isFinal(state.states[part]!)).length;
      same(state.missing[index], open + composite.total - composite.added, `parts of ${id}`);
    } else {
      const isMissing = (one: number): boolean => !isThere(one) && !(isPipelined(state, index, one) && growth!.composites.has(one));
      same(state.missing[index], producersOf(state, index).filter(isMissing).length, `what ${id} waits for`);
    }
    if (function_ === 'ready') same(state.missing[index], 0, `what ${id} waits for, ready`);
    same(this.wanted.has(index), function_ === 'ready', `claim of ${id} is asked for`);
    same(state.restsUntilMs.has(index), function_ === 'resting', `rest of ${id}`);
    const isLimited = growth!.limits.has(parentOf(state, index));
    if (function_ === 'waiting' && state.missing[index] === 0 && !isLimited && state.begunTo === plan.size) {
      same(isWithinEarly(state, index) || isOverEarly(state, index), true, `${id} is due, and waits`);
    }
    const users = dependentsOf(state, index).filter((one) => !isFinal(state.states[one]!) && !growth!.composites.get(one)?.hasConsumed);
    if (isBusy) return;
    same(state.consumersLeft[index], users.length + holdOf(state, index) + this.#usersToCome(state, index), `users of ${id}`);
    // Of a map or an expansion that has ended in vain nothing is collected.
    const whole = state.states[parentOf(state, index)];
    const isVain = whole === 'failed' || whole === 'skipped' || whole === 'cancelled';
    const isNeeded = state.consumersLeft[index]! > 0 || (state.policy.collected[index] === 1 && !isVain);
    // In a durable run, for values that may have to be computed again.
    const isKept = state.journal !== 'none' && (composite ? composite.isHolding : state.hasValue[index] === 1);
    if (composite) {
      if (function_ === 'open' || function_ === 'succeeded') same(composite.isHolding, isNeeded || isKept, `${id} holds`);
      same(state.hasValue[index], Number(function_ === 'succeeded' && composite.isHolding), `the whole of ${id}`);
    } else if (function_ === 'succeeded' && !isWithinEarly(state, index)) {
      same(state.hasValue[index] === 1, isNeeded || isKept, `the value of ${id}`);
    }
  }

  /** How many functions will need this one that its expansion has still to add. */
  #usersToCome(state: RunState, index: number): number {
    const by = parentOf(state, index);
    const composite = state.growth!.composites.get(by);
    if (!composite || composite.added === composite.total || !state.plan.growth!.expansions.has(by)) return 0;
    const { from, ids, producersStart, producers } = this.registry.insides(state, by)!;
    const own = from + ids.indexOf(state.plan.ids[index]!);
    return producers.subarray(producersStart[composite.added]).filter((one) => one === own).length;
  }

  /** What holds when a run has ended. */
  checkEnd(state: RunState): void {
    expect(this.ended).to.equal(1);
    expect(state.states.every(isFinal)).to.equal(true);
    expect([...this.claims.values()].every((count) => count === 0)).to.equal(true);
  }
}

function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
}
