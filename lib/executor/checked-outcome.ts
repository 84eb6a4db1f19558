import { callSafely } from '../base/index.js';
import { expandedSnapshot, isSnapshot } from '../dag/index.js';
import { StoredValue, withFactsOf } from '../value/index.js';
import {
  type BlockedCall,
  type CallOutcome,
  type CallStep,
  type IsolationCall,
  type NodePhases,
  succeededOutcome,
} from './attempts/attempt.js';
import { checkedPhases } from './attempts/checked-phases.js';
import { packedDag } from './attempts/packed-dag.js';

/**
 * Returns the outcome of a call as a user's own isolation reports it, or what is wrong with it. Each property is read once: what is
 * returned does not change. What the last step asks to know of its value is found out here, whatever the isolation says, and an array that
 * a map goes over is cut here if it was not. Never throws. `failed` gets what `whenOver` throws.
 */
export function checkedOutcome(
  given: unknown,
  call: IsolationCall,
  place: OutcomePlace,
  failed: (thrown: unknown) => void,
): CallOutcome | string {
  try {
    const { type, values, tookMs, error, final, blocked, phases: told } = given as Readonly<Record<string, unknown>>;
    const phases = told === undefined ? undefined : checkedPhases(told);
    if (told !== undefined && !phases) return 'settled with phases that are no numbers of milliseconds';
    switch (type) {
      case 'succeeded':
        return checkedSuccess(values, tookMs, phases, call, place);
      case 'failed': {
        if (typeof final !== 'boolean') return 'settled a failure without final';
        const checked = checkedBlocked(blocked, failed);
        return typeof checked === 'string' ? checked : { type, error, final, ...checked, ...(phases && { phases }) };
      }
      case 'stopped': {
        const checked = checkedBlocked(blocked, failed);
        return typeof checked === 'string' ? checked : { type, ...checked };
      }
      default:
        return NO_OUTCOME;
    }
  } catch {
    return NO_OUTCOME;
  }
}

/** The node on which a call has ended. */
export interface OutcomePlace {
  /** Whether values are frozen there. */
  readonly freeze: boolean;
  /** The folder that modules are relative to. */
  readonly root: string;
}

const NO_OUTCOME = 'settled with what is no outcome';

function checkedSuccess(
  values: unknown,
  tookMs: unknown,
  phases: NodePhases | undefined,
  { steps }: IsolationCall,
  place: OutcomePlace,
): CallOutcome | string {
  const wanted = steps.filter((step, at) => step.wanted || at === steps.length - 1).length;
  const given: readonly unknown[] = Array.isArray(values) ? [...values] : [];
  if (given.length !== wanted) return `settled without a value for each of the ${wanted} wanted steps`;
  if (!given.every((value) => StoredValue.is(value))) return 'settled with a value that is no StoredValue';
  if (typeof tookMs !== 'number' || !Number.isFinite(tookMs) || tookMs < 0) return 'settled without tookMs';
  const last = steps.at(-1)!;
  if (last.shape === undefined && last.gist === undefined && !last.isDigested) return succeededOutcome(given, tookMs, undefined, phases);
  return withFacts(given, tookMs, phases, last, place);
}

function withFacts(
  values: readonly StoredValue[],
  tookMs: number,
  phases: NodePhases | undefined,
  last: CallStep,
  { freeze, root }: OutcomePlace,
): CallOutcome {
  try {
    const others = values.slice(0, -1);
    if (last.shape === 'dag') return succeededOutcome([...others, dagIn(values.at(-1)!, last, root)], tookMs, undefined, phases);
    const { held, facts } = withFactsOf(
      values.at(-1)!,
      { gist: last.gist, isSplit: last.shape === 'split', isDigested: last.isDigested === true },
      freeze,
    );
    return succeededOutcome([...others, held], tookMs, facts, phases);
  } catch (error) {
    return { type: 'failed', error, final: true };
  }
}

/** A DAG that the isolation has not turned into data is turned here. */
function dagIn(held: StoredValue, { code }: CallStep, root: string): StoredValue {
  if (held.partCount !== undefined) return held;
  const value = held.open(false);
  if (typeof code === 'function') return isSnapshot(value) ? held : StoredValue.live(expandedSnapshot(value), held.sizeBytes);
  return StoredValue.packed(packedDag(value, root));
}

/** Its `whenOver` tells once at most, and never throws. */
function checkedBlocked(given: unknown, failed: (thrown: unknown) => void): { readonly blocked?: BlockedCall } | string {
  if (given === undefined) return {};
  const { what, whenOver } = given as Readonly<Record<string, unknown>>;
  if (typeof whenOver !== 'function') return 'settled as blocked without whenOver';
  return {
    blocked: {
      what: typeof what === 'string' ? what : 'isolation',
      whenOver(told) {
        let isTold = false;
        const once = (): void => {
          if (isTold) return;
          isTold = true;
          told();
        };
        callSafely(() => Reflect.apply(whenOver, given, [once]) as unknown, failed);
      },
    },
  };
}
