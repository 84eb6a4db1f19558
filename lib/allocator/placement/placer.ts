import { HandoffError, isThenable, safeThrown, textOf } from '../../base/index.js';
import type { ClaimQueueClient } from '../queue/claim-class.js';
import type { ClaimQueue } from '../queue/claim-queue.js';
import type { AheadStep, PlacementChoice, PlacementGrant } from '../queue/placement-step.js';
import type { AllocationStrategy } from '../strategy.js';
import { NodeViews, type ValueLocations } from './node-views.js';
import type { StrategyWaits } from './strategy-waits.js';

/**
 * The shell of the claim queue. It asks strategies, which may be user code, and tells runs where their functions go. The queue decides
 * everything else.
 */
export class Placer<Client extends PlacementClient> {
  readonly #queue: ClaimQueue<Client>;
  readonly #waits: StrategyWaits<Client>;
  /** By class of claims, the views for its strategy. */
  readonly #views = new WeakMap<PlacementChoice<Client>, NodeViews>();

  /** `waits` records the functions that strategies let wait. */
  constructor(queue: ClaimQueue<Client>, waits: StrategyWaits<Client>) {
    this.#queue = queue;
    this.#waits = waits;
  }

  /** Grants whatever can be granted now. Each run learns where a function goes before the next one is placed. */
  placeAll(nowMs: number): readonly PlacementAnswer<Client>[] {
    const answers: PlacementAnswer<Client>[] = [];
    const queue = this.#queue;
    queue.startPass(nowMs);
    for (let step = queue.nextStep(); step; step = queue.nextStep()) {
      if (step.type === 'promoted' || step.type === 'recalled') {
        answers.push(step);
        continue;
      }
      const answer = step.type === 'granted' ? step : this.#place(step);
      if (!answer) {
        if (step.type === 'choice') this.#waits.declined(step.client, step.claim, step.index, nowMs);
        continue;
      }
      if (this.#waits.size > 0) this.#waits.settled(step.client, step.claim);
      if (answer.type === 'granted') answer.client.whereabouts?.placed(answer.index, answer.node);
      answers.push(answer);
    }
    return answers;
  }

  /** Returns `undefined` if the strategy waits, or chose a node without room. */
  #place(choice: PlacementChoice<Client>): PlacementAnswer<Client> | undefined {
    const { client, index } = choice;
    let node: string | undefined;
    try {
      node = this.#askStrategy(choice);
    } catch (thrown) {
      this.#queue.refuse();
      return { type: 'refused', client, index, error: strategyFailed(client, index, thrown) };
    }
    return node === undefined ? undefined : this.#queue.choose(node);
  }

  #askStrategy(choice: PlacementChoice<Client>): string | undefined {
    const { client, index, claim, reserved } = choice;
    const { dagId, strategy } = client;
    const views = this.#viewsOf(choice);
    const nodes = client.takesAnyRoom ? views.withRoom(index, reserved) : views.all(index, reserved);
    const chosen = strategy.place({ dagId, functionId: client.functionId(index), cost: claim.costs, nodes });
    if (chosen === undefined || views.hasShown(chosen, client.takesAnyRoom, reserved)) return chosen;
    // Nothing awaits it, and an unhandled rejection would end the process.
    if (isThenable(chosen)) Promise.resolve(chosen).catch(() => {});
    const names = views
      .shown(client.takesAnyRoom, reserved)
      .map((name) => `"${name}"`)
      .join(', ');
    throw new Error(`it chose ${typeof chosen === 'string' ? JSON.stringify(chosen) : textOf(chosen)}, which is not among ${names}`);
  }

  #viewsOf(choice: PlacementChoice<Client>): NodeViews {
    let views = this.#views.get(choice);
    if (views?.eligibility !== choice.eligibility) {
      views = new NodeViews(choice.client.whereabouts, choice.eligibility);
      this.#views.set(choice, views);
    }
    return views;
  }
}

/** Returns the error that ends the run: the strategy threw, or chose wrongly. */
function strategyFailed(client: PlacementClient, index: number, thrown: unknown): HandoffError {
  const cause = safeThrown(thrown);
  const functionId = client.functionId(index);
  const message = `Cannot place function "${functionId}": strategy "${client.strategy.name}" failed: ${textOf(cause)}`;
  return new HandoffError('HANDOFF_ALLOCATION_FAILED', message, { dagId: client.dagId, runId: client.runId, functionId, cause });
}

/** A run, as asking its strategy needs it. */
export interface PlacementClient extends ClaimQueueClient {
  readonly dagId: string;
  readonly strategy: AllocationStrategy;
  functionId(index: number): string;
  /** The answers for strategies. Missing for a run that another node drives: its driver has placed the function already. */
  readonly whereabouts?: ValueLocations;
}

/** A function that gets no node, as its strategy failed. */
export interface PlacementRefusal<Client extends PlacementClient> {
  readonly type: 'refused';
  readonly client: Client;
  readonly index: number;
  readonly error: HandoffError;
}

/** The answer to a request for a claim, or what becomes of a function that lies. */
export type PlacementAnswer<Client extends PlacementClient> = PlacementGrant<Client> | PlacementRefusal<Client> | AheadStep<Client>;
