import { type Clock, HandoffError } from '../../base/index.js';
import { awayIn, type ValueStore } from '../../store/index.js';
import { StoredValue } from '../../value/index.js';
import type { AttemptContext, CallOutcome } from '../attempts/attempt.js';
import { withFetch } from '../attempts/node-phases.js';
import type { PlacedStep } from '../attempts/segments.js';
import { isFinalFailure } from '../attempts/steps-run.js';
import { type AttemptHandle, type Executor, isolationOf } from '../executor.js';
import type { AttemptTrace } from '../tracing/trace-context.js';
import type { Fetches } from './fetches.js';
import type { ValueListener } from './offers.js';
import { type ArgumentValue, heldIn, isOfRun, isRemote, keepIn, type RemoteValue } from './remote-value.js';
import { filePlaceOf, isUnread } from './unread-file.js';
import { Uses } from './uses.js';

/** How long a node may take to report how its work ended, beyond the time that the work has, ms. */
const ANSWER_MS = 5000;

/**
 * Starts an attempt on this node as soon as all its values are here: at once, if they are. A fetched value is kept with the run, for other
 * attempts, unless only this attempt needs it. One that is on the disk comes back into memory, unless a thread reads it from there. The
 * attempt has its slot meanwhile, as it has its claim. `isSecond`: a thread could not.
 */
export function startGathered(attempt: UngatheredAttempt, deps: GatherDeps, isSecond = false): AttemptHandle<GatheredOutcome> {
  let far: Set<RemoteValue | StoredValue> | undefined;
  for (const { inputs, extra } of attempt.steps) {
    for (const input of inputs) {
      if (typeof input === 'number') continue;
      if (isRemote(input) || awayIn(input).length > 0) far = (far ?? new Set()).add(input);
    }
    if (isRemote(extra)) far = (far ?? new Set()).add(extra);
  }
  if (!far) return deps.executor.start(attempt as UngatheredAttempt<PlacedStep>);
  return new GatheredAttempt(attempt, far, deps, isSecond);
}

class GatheredAttempt implements AttemptHandle<GatheredOutcome> {
  readonly slot: number;
  readonly #attempt: UngatheredAttempt;
  readonly #deps: GatherDeps;
  /** Whether it has been tried before, and a file could not be read where it ran. */
  readonly #isSecond: boolean;
  readonly #values = new Map<RemoteValue, StoredValue>();
  readonly #sole: ReadonlySet<RemoteValue>;
  /** What is in memory, and waits for the others. */
  readonly #uses = new Uses();
  #fetching = new Set<() => void>();
  #missing: number;
  /** Since when a value is on its way; `undefined` if all of them were here. */
  #fetchesSinceMs: number | undefined;
  #fetchMs = 0;
  #started: AttemptHandle<GatheredOutcome> | undefined;
  #outcome: GatheredOutcome | undefined;
  #heard: ((outcome: GatheredOutcome) => void) | undefined;

  constructor(attempt: UngatheredAttempt, far: ReadonlySet<RemoteValue | StoredValue>, deps: GatherDeps, isSecond: boolean) {
    this.#attempt = attempt;
    this.#isSecond = isSecond;
    this.#deps = deps;
    this.slot = deps.executor.takeSlot(isolationOf(attempt));
    this.#missing = far.size;
    this.#sole = soleOf(attempt);
    for (const { inputs } of attempt.steps) for (const input of inputs) if (StoredValue.is(input) && !far.has(input)) this.#uses.add(input);
    for (const one of far) {
      if (this.#outcome) return;
      if (isRemote(one)) this.#get(one);
      else if (this.#isReadThere(one, one)) this.#got(undefined, one);
      else this.#bring(one);
    }
  }

  listen(heard: (outcome: GatheredOutcome) => void): void {
    this.#heard = heard;
    if (this.#started) this.#listen(this.#started, heard);
    else if (this.#outcome) heard(this.#outcome);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#started) this.#started.stop(reason, graceMs);
    else this.#end({ type: 'stopped' });
  }

  #get(far: RemoteValue): void {
    const { runId } = this.#attempt.context;
    const { store, fetches } = this.#deps;
    const { value } = far;
    let known: StoredValue | undefined;
    try {
      known = heldIn(store, runId, value);
    } catch (error) {
      return this.#end({ type: 'failed', error, final: true });
    }
    if (known) return this.#take(far, known);
    this.#fetchesSinceMs ??= this.#deps.clock.now();
    // The driver may still reach a node that this node cannot.
    const isDirect = fetches.reaches(far.from);
    const isSole = this.#sole.has(far);
    const listener: ValueListener = {
      found: (held) => {
        if (!isSole) keepIn(store, runId, value, held);
        // Of what was put together some may be on the disk.
        if (awayIn(held).length > 0) this.#take(far, held);
        else this.#got(far, held);
      },
      missing: (error) => {
        if (isDirect && !fetches.reaches(far.from)) return this.#get(far);
        const why = error ?? this.#lost(far);
        const isLost = HandoffError.is(why, 'HANDOFF_RESULT_LOST');
        if (isLost && (isOfRun(value) || value.kind === 'serialized' || value.kind === 'composite')) {
          // Of a composite mostly one part is lost.
          const functionId = (value.kind === 'composite' ? why.functionId : undefined) ?? value.functionId;
          return this.#end({ type: 'argument-lost', functionId, error: why });
        }
        this.#end({ type: 'failed', error: why, final: isFinalFailure(why) || isLost });
      },
    };
    const giveUp = fetches.fetch({ ...far, isSole }, this.#attempt.via, listener, this.#waitMs(far));
    if (!this.#outcome) this.#fetching.add(giveUp);
  }

  /** Takes a value that is on this node, as soon as it is in memory, or at once where it is read from its file. */
  #take(far: RemoteValue, known: StoredValue): void {
    const { store, clock } = this.#deps;
    if (this.#isReadThere(far, known)) return this.#got(far, known);
    if (awayIn(known).length === 0) return this.#got(far, this.#sole.has(far) ? known.toSoleUser(true) : known);
    this.#fetchesSinceMs ??= clock.now();
    // Where it came from it may still be.
    store.whenHere(known, { here: () => this.#got(far, known), lost: () => this.#outcome ?? this.#get(far) });
  }

  /** Whether all steps that need a value read it from its file by themselves. */
  #isReadThere(given: ArgumentValue, held: StoredValue): boolean {
    const { executor } = this.#deps;
    if (this.#isSecond || !filePlaceOf(held)) return false;
    return this.#attempt.steps.every(
      ({ inputs, extra, isolation }) => (extra !== given && !inputs.includes(given)) || executor.readsFiles(isolation),
    );
  }

  /** Waits for a value of this node that is not in memory. */
  #bring(away: StoredValue): void {
    this.#fetchesSinceMs ??= this.#deps.clock.now();
    this.#deps.store.whenHere(away, {
      here: () => this.#got(undefined, away),
      lost: (error) => {
        const functionId = HandoffError.is(error) ? error.functionId : undefined;
        if (functionId === undefined) this.#end({ type: 'failed', error, final: true });
        else this.#end({ type: 'argument-lost', functionId, error });
      },
    });
  }

  /** A serializer's value may take as long as this attempt may. Other values have the default. */
  #waitMs({ value: { kind } }: RemoteValue): number | undefined {
    if (kind !== 'serialized' && kind !== 'offered') return undefined;
    const { timeoutMs } = this.#attempt;
    return timeoutMs === undefined ? Number.POSITIVE_INFINITY : timeoutMs + ANSWER_MS;
  }

  #got(far: RemoteValue | undefined, held: StoredValue): void {
    if (this.#outcome) return;
    if (far) this.#values.set(far, held);
    this.#missing -= 1;
    if (this.#missing > 0) return this.#uses.add(held);
    const here = (given: ArgumentValue): StoredValue => (isRemote(given) ? this.#values.get(given)! : given);
    const steps = this.#attempt.steps.map(
      (step): PlacedStep => ({
        ...step,
        inputs: step.inputs.map((input) => (typeof input === 'number' ? input : here(input))),
        extra: step.extra && here(step.extra),
      }),
    );
    this.#fetchMs = this.#fetchedMs();
    this.#started = this.#deps.executor.start({ ...this.#attempt, steps }, this.slot);
    this.#values.clear();
    this.#uses.end();
    if (this.#heard) this.#listen(this.#started, this.#heard);
  }

  #fetchedMs(): number {
    return this.#fetchesSinceMs === undefined ? 0 : this.#deps.clock.now() - this.#fetchesSinceMs;
  }

  #listen(started: AttemptHandle<GatheredOutcome>, heard: (outcome: GatheredOutcome) => void): void {
    started.listen((outcome) => (isUnread(outcome) ? this.#again(heard) : heard(withFetch(outcome, this.#fetchMs))));
  }

  /** A file could not be read where the attempt ran: the node reads it, and finds out why. */
  #again(heard: (outcome: GatheredOutcome) => void): void {
    this.#started = startGathered(this.#attempt, this.#deps, true);
    this.#started.listen(heard);
  }

  #end(outcome: GatheredOutcome): void {
    if (this.#outcome || this.#started) return;
    this.#deps.executor.freeSlot(isolationOf(this.#attempt), this.slot);
    this.#outcome = withFetch(outcome, this.#fetchedMs());
    for (const giveUp of this.#fetching) giveUp();
    this.#fetching.clear();
    this.#values.clear();
    this.#uses.end();
    this.#heard?.(this.#outcome);
  }

  #lost({ from }: RemoteValue): HandoffError {
    const { functionId, runId, dagId } = this.#attempt.context;
    const message = `Node "${this.#deps.node}" cannot get an argument of function "${functionId}" from node "${from}"`;
    return new HandoffError('HANDOFF_RESULT_LOST', message, { dagId, runId, functionId, node: from });
  }
}

/** Returns the values that only this attempt needs, once, on the loop. To a thread they go in shared memory. */
function soleOf({ steps }: UngatheredAttempt): Set<RemoteValue> {
  const byName = new Map<string, RemoteValue | undefined>();
  for (const { inputs, isolation } of steps) {
    for (const input of inputs) {
      if (!isRemote(input) || !input.isSole || !isOfRun(input.value)) continue;
      const { functionId, part } = input.value;
      const name = part === null ? functionId : `part ${part} of ${functionId}`;
      byName.set(name, isolation === 'loop' && !byName.has(name) ? input : undefined);
    }
  }
  const sole = new Set<RemoteValue>();
  for (const far of byName.values()) if (far) sole.add(far);
  return sole;
}

/** A step of an attempt, some of whose values may be elsewhere. */
export interface UngatheredStep extends Omit<PlacedStep, 'inputs' | 'extra'> {
  readonly inputs: readonly (ArgumentValue | number)[];
  readonly extra: ArgumentValue | undefined;
}

/** Like `Attempt`, before its values are there. */
export interface UngatheredAttempt<S = UngatheredStep> {
  readonly context: AttemptContext;
  readonly steps: readonly S[];
  readonly timeoutMs: number | undefined;
  readonly stopGraceMs: number;
  /** The node to ask for values that cannot be reached: the driver of the run. */
  readonly via: string | undefined;
  readonly trace?: AttemptTrace | undefined;
}

/** Like `CallOutcome`; or a value that another function made is lost, and the attempt was not started. */
export type GatheredOutcome = CallOutcome | { readonly type: 'argument-lost'; readonly functionId: string; readonly error: Error };

/** The parts of the node that starting an attempt needs. */
export interface GatherDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly executor: Executor;
  readonly store: ValueStore;
  readonly fetches: Fetches;
}
