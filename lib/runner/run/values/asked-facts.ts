import { HandoffError, textOf } from '../../../base/index.js';
import type { PlanGrowth } from '../../../dag/index.js';
import { type ArgumentValue, type Fetches, isRemote, type RemoteValue } from '../../../executor/index.js';
import type { ValueStore } from '../../../store/index.js';
import { type StoredValue, type ValueFacts, type WantedFacts, withFactsOf } from '../../../value/index.js';
import type { InputFacts } from '../../brain/messages.js';

/** Returns what a plan asks of the value of a function, or of an input, which is -(k+1) for input k. `undefined` if it asks nothing. */
export function askedOf(growth: PlanGrowth | undefined, producer: number): WantedFacts | undefined {
  // The value of an expansion's own attempt is a DAG. Its results are told of by the brain.
  if (!growth || growth.expansions.has(producer)) return undefined;
  const gist = growth.gists.get(producer);
  const isSplit = growth.splits.has(producer);
  return gist === undefined && !isSplit ? undefined : { gist, isSplit };
}

/** Whether the facts are all that is asked for. */
export const isKnown = ({ gist, isSplit }: WantedFacts, facts: ValueFacts | undefined): facts is ValueFacts =>
  (gist === undefined || facts?.gist !== undefined) && (!isSplit || facts?.split !== undefined);

/**
 * Finds out what a plan asks of its inputs, before the run begins. An input on another node is fetched for that. What is found is put in
 * the place of the input: an array that a map goes over is cut.
 */
export class AskedInputs {
  /** All inputs, in the form in which the run has them. */
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  readonly #asked: readonly (readonly [input: number, id: string])[];
  readonly #growth: PlanGrowth | undefined;
  readonly #inputs = new Map<string, ArgumentValue>();
  readonly #deps: AskedInputsDeps;
  readonly #giveUps = new Set<() => void>();

  constructor({ growth, inputs: ids }: PlanOfInputs, given: ReadonlyMap<string, ArgumentValue>, deps: AskedInputsDeps) {
    this.#growth = growth;
    this.#deps = deps;
    const producers = growth ? [...new Set([...growth.gists.keys(), ...growth.splits])] : [];
    const asked = producers.filter((producer) => producer < 0).map((input) => [input, ids[-input - 1]!] as const);
    this.#asked = asked.filter(([, id]) => given.has(id));
    if (this.#asked.length > 0) this.#inputs = new Map(given);
    this.inputs = this.#asked.length > 0 ? this.#inputs : given;
  }

  /**
   * Calls `told` as soon as all is known, or `failed`: within the call unless something is fetched. Without anything that is asked there
   * are no facts.
   */
  find(told: (facts?: readonly InputFacts[]) => void, failed: (error: HandoffError) => void): void {
    if (this.#asked.length === 0) return told();
    const inputs = this.#inputs;
    const asked = this.#asked.map(([, id]) => [id, inputs.get(id)!] as const);
    const far = asked.filter((one): one is readonly [string, RemoteValue] => isRemote(one[1]));
    const away = asked.filter((one): one is readonly [string, StoredValue] => !isRemote(one[1]) && one[1].isAway);
    let missing = far.length + away.length;
    const look = (): void => {
      try {
        told(this.#asked.map(([input, id]) => [input, this.#look(input, id)]));
      } catch (error) {
        failed(asHandoffError(error));
      }
    };
    if (missing === 0) return look();
    for (const [, given] of away) {
      const here = (): void => {
        missing -= 1;
        if (missing === 0) look();
      };
      this.#deps.store.whenHere(given, { here, lost: (error) => failed(asHandoffError(error)) });
    }
    for (const [id, given] of far) {
      const giveUp = this.#deps.fetches.fetch(given, undefined, {
        found: (held) => {
          inputs.set(id, held);
          missing -= 1;
          if (missing === 0) look();
        },
        missing: (error) => {
          this.close();
          failed(error ? asHandoffError(error) : lostInput(id, given.from));
        },
      });
      this.#giveUps.add(giveUp);
    }
  }

  /** The run is over: nothing is fetched any more. */
  close(): void {
    for (const giveUp of this.#giveUps) giveUp();
    this.#giveUps.clear();
  }

  #look(input: number, id: string): ValueFacts {
    const { held, facts } = withFactsOf(this.#inputs.get(id) as StoredValue, askedOf(this.#growth, input)!, this.#deps.freeze);
    this.#inputs.set(id, held);
    return facts;
  }
}

const asHandoffError = (error: unknown): HandoffError =>
  HandoffError.is(error) ? error : new HandoffError('HANDOFF_RESULT_LOST', textOf(error), { cause: error });

const lostInput = (id: string, node: string): HandoffError =>
  new HandoffError('HANDOFF_RESULT_LOST', `Cannot get input "${id}": node "${node}" does not have it, or is gone`, { node });

/** The part of a plan that says what is asked of its inputs. */
interface PlanOfInputs {
  readonly growth: PlanGrowth | undefined;
  readonly inputs: readonly string[];
}

/** What finding out needs. */
interface AskedInputsDeps {
  readonly fetches: Pick<Fetches, 'fetch'>;
  readonly store: Pick<ValueStore, 'whenHere'>;
  /** Whether values are frozen on this node. */
  readonly freeze: boolean;
}
