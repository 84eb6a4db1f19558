// Brain: pure.
import type { ClaimClass } from '../queue/claim-class.js';
import type { AllocationStrategy } from '../strategy.js';

/** The default time after which a strategy that let a function wait is asked again, ms. */
export const ASK_AGAIN_MS = 1000;

/** How long a strategy may let a function wait before the log says so, ms. It is logged again each time the wait has doubled. */
const WARN_AFTER_MS = 10_000;

interface OpenWait {
  index: number;
  sinceMs: number;
  askAtMs: number;
  warnAtMs: number;
}

/** The functions that strategies let wait although there is room: when to ask again, and when to log it. */
export class StrategyWaits<Client extends WaitingClient> {
  readonly #waits = new Map<Client, Map<ClaimClass, OpenWait>>();

  /** How many runs have a function that waits for its strategy. */
  get size(): number {
    return this.#waits.size;
  }

  /** When the next strategy must be asked again; `undefined` if none waits. */
  get nextAskAtMs(): number | undefined {
    let next: number | undefined;
    for (const classes of this.#waits.values()) {
      for (const { askAtMs } of classes.values()) if (next === undefined || askAtMs < next) next = askAtMs;
    }
    return next;
  }

  /** A strategy was asked for the first function of a class, and lets it wait. */
  declined(client: Client, claim: ClaimClass, index: number, nowMs: number): void {
    const classes = this.#waits.get(client) ?? new Map<ClaimClass, OpenWait>();
    this.#waits.set(client, classes);
    const before = classes.get(claim);
    const wait = before?.index === index ? before : { index, sinceMs: nowMs, askAtMs: nowMs, warnAtMs: nowMs + WARN_AFTER_MS };
    wait.askAtMs = nowMs + (client.strategy.askAgainMs ?? ASK_AGAIN_MS);
    classes.set(claim, wait);
  }

  /** The first function of a class was granted or refused: the class waits no longer. */
  settled(client: Client, claim: ClaimClass): void {
    const classes = this.#waits.get(client);
    if (classes?.delete(claim) && classes.size === 0) this.#waits.delete(client);
  }

  removeRun(client: Client): void {
    this.#waits.delete(client);
  }

  /**
   * Call it after each pass. Forgets waits that the pass did not ask about, as nothing of the class is ready any more. Returns the waits
   * that must be logged now.
   */
  endPass(nowMs: number): readonly StrategyWait<Client>[] {
    const long: StrategyWait<Client>[] = [];
    for (const [client, classes] of this.#waits) {
      for (const [claim, wait] of classes) {
        if (wait.askAtMs <= nowMs) this.settled(client, claim);
        else if (wait.warnAtMs <= nowMs) {
          const waitedMs = nowMs - wait.sinceMs;
          wait.warnAtMs = nowMs + waitedMs;
          long.push({ client, index: wait.index, waitedMs });
        }
      }
    }
    return long;
  }
}

/** A run whose strategy may wait. */
export interface WaitingClient {
  readonly strategy: Pick<AllocationStrategy, 'askAgainMs'>;
}

/** A function that a strategy lets wait although a node has room. */
export interface StrategyWait<Client extends WaitingClient> {
  readonly client: Client;
  readonly index: number;
  readonly waitedMs: number;
}
