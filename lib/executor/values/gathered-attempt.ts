import { HandoffError } from '../../base/index.js';
import type { ValueStore } from '../../store/index.js';
import type { StoredValue } from '../../value/index.js';
import type { AttemptContext, CallOutcome } from '../attempts/attempt.js';
import type { PlacedStep } from '../attempts/segments.js';
import { isFinalFailure } from '../attempts/steps-run.js';
import type { AttemptHandle, Executor } from '../executor.js';
import type { Fetches } from './fetches.js';
import type { ValueListener } from './offers.js';
import { type ArgumentValue, heldIn, isOfRun, isRemote, keepIn, type RemoteValue } from './remote-value.js';

/** How long a node may take to report how its work ended, beyond the time that the work has, ms. */
const ANSWER_MS = 5000;

/**
 * Starts an attempt on this node as soon as all its values are here: at once, if they are. A fetched value is kept with the run, for other
 * attempts, unless only this attempt needs it.
 */
export function startGathered(attempt: UngatheredAttempt, deps: GatherDeps): AttemptHandle<GatheredOutcome> {
  let far: Set<RemoteValue> | undefined;
  for (const { inputs, extra } of attempt.steps) {
    for (const input of inputs) if (isRemote(input)) far = (far ?? new Set()).add(input);
    if (isRemote(extra)) far = (far ?? new Set()).add(extra);
  }
  if (!far) return deps.executor.start(attempt as UngatheredAttempt<PlacedStep>);
  return new GatheredAttempt(attempt, far, deps);
}

class GatheredAttempt implements AttemptHandle<GatheredOutcome> {
  readonly #attempt: UngatheredAttempt;
  readonly #deps: GatherDeps;
  readonly #values = new Map<RemoteValue, StoredValue>();
  readonly #own: ReadonlySet<RemoteValue>;
  #fetching = new Set<() => void>();
  #missing: number;
  #started: AttemptHandle | undefined;
  #outcome: GatheredOutcome | undefined;
  #heard: ((outcome: GatheredOutcome) => void) | undefined;

  constructor(attempt: UngatheredAttempt, far: ReadonlySet<RemoteValue>, deps: GatherDeps) {
    this.#attempt = attempt;
    this.#deps = deps;
    this.#missing = far.size;
    this.#own = ownOf(attempt);
    for (const one of far) {
      if (this.#outcome) return;
      this.#get(one);
    }
  }

  listen(heard: (outcome: GatheredOutcome) => void): void {
    this.#heard = heard;
    if (this.#started) this.#started.listen(heard);
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
    if (known) return this.#got(far, this.#own.has(far) ? known.toOnlyUser(true) : known);
    // The driver may still reach a node that this node cannot.
    const isDirect = fetches.reaches(far.from);
    const isSole = this.#own.has(far);
    const listener: ValueListener = {
      found: (held) => {
        if (!isSole) keepIn(store, runId, value, held);
        this.#got(far, held);
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
    const giveUp = fetches.fetch({ ...far, isExclusive: isSole }, this.#attempt.via, listener, this.#waitMs(far));
    if (!this.#outcome) this.#fetching.add(giveUp);
  }

  /** A serializer's value may take as long as this attempt may. Other values have the default. */
  #waitMs({ value: { kind } }: RemoteValue): number | undefined {
    if (kind !== 'serialized' && kind !== 'offered') return undefined;
    const { timeoutMs } = this.#attempt;
    return timeoutMs === undefined ? Number.POSITIVE_INFINITY : timeoutMs + ANSWER_MS;
  }

  #got(far: RemoteValue, held: StoredValue): void {
    if (this.#outcome) return;
    this.#values.set(far, held);
    this.#missing -= 1;
    if (this.#missing > 0) return;
    const here = (given: ArgumentValue): StoredValue => (isRemote(given) ? this.#values.get(given)! : given);
    const steps = this.#attempt.steps.map(
      (step): PlacedStep => ({
        ...step,
        inputs: step.inputs.map((input) => (typeof input === 'number' ? input : here(input))),
        extra: step.extra && here(step.extra),
      }),
    );
    this.#started = this.#deps.executor.start({ ...this.#attempt, steps });
    this.#values.clear();
    if (this.#heard) this.#started.listen(this.#heard);
  }

  #end(outcome: GatheredOutcome): void {
    if (this.#outcome || this.#started) return;
    this.#outcome = outcome;
    for (const giveUp of this.#fetching) giveUp();
    this.#fetching.clear();
    this.#heard?.(outcome);
  }

  #lost({ from }: RemoteValue): HandoffError {
    const { functionId, runId, dagId } = this.#attempt.context;
    const message = `Node "${this.#deps.node}" cannot get an argument of function "${functionId}" from node "${from}"`;
    return new HandoffError('HANDOFF_RESULT_LOST', message, { dagId, runId, functionId, node: from });
  }
}

/** Returns the values that only this attempt needs, once, on the loop. To a thread they go in shared memory. */
function ownOf({ steps }: UngatheredAttempt): Set<RemoteValue> {
  const byName = new Map<string, RemoteValue | undefined>();
  for (const { inputs, isolation } of steps) {
    for (const input of inputs) {
      if (!isRemote(input) || !input.isExclusive || !isOfRun(input.value)) continue;
      const { functionId, part } = input.value;
      const name = part === null ? functionId : `part ${part} of ${functionId}`;
      byName.set(name, isolation === 'loop' && !byName.has(name) ? input : undefined);
    }
  }
  const own = new Set<RemoteValue>();
  for (const far of byName.values()) if (far) own.add(far);
  return own;
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
}

/** Like `CallOutcome`; or a value that another function made is lost, and the attempt was not started. */
export type GatheredOutcome = CallOutcome | { readonly type: 'argument-lost'; readonly functionId: string; readonly error: Error };

/** The parts of the node that starting an attempt needs. */
export interface GatherDeps {
  readonly node: string;
  readonly executor: Executor;
  readonly store: ValueStore;
  readonly fetches: Fetches;
}
