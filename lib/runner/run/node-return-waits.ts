import type { Allocator, ClaimClass } from '../../allocator/index.js';
import { type Clock, doUnattended, inSteps, type Logger, type Timer } from '../../base/index.js';
import type { RunHappening } from '../brain/messages.js';

/** How many functions miss their node in one turn. They take some 5 µs each. */
const MISSED_AT_ONCE = 1000;

/**
 * The functions of a run that wait for a node that is gone, or does not run what it is asked to, as no other could run them. It may come
 * back, but they do not wait for ever. In a run that goes on after its driver's end, they also wait for a node that this driver has never
 * seen. The log names each node once, not for every function.
 */
export class NodeReturnWaits {
  readonly #kinds: readonly ClaimClass[];
  readonly #waitMs: number;
  readonly #deps: NodeReturnWaitsDeps;
  readonly #feed: (happening: RunHappening) => void;
  /** By function, until when it waits. All wait equally long, so the first is due first, and one timer is enough. */
  readonly #waits = new Map<number, number>();
  #timer: Timer | undefined;
  #isClosed = false;
  /** The nodes that the log has named, until a function has a node again. */
  #named: Set<string> | undefined;
  #isAnyGone = false;
  /** In a resumed run: the kinds of functions that no member could hold when they were first asked for. */
  #unheld: Map<ClaimClass, boolean> | undefined;

  constructor(kinds: readonly ClaimClass[], waitMs: number, deps: NodeReturnWaitsDeps, feed: (happening: RunHappening) => void) {
    this.#kinds = kinds;
    this.#waitMs = waitMs;
    this.#deps = deps;
    this.#feed = feed;
  }

  /** A member is gone. Functions that are ready already are asked about in turns, those that become ready meanwhile by themselves. */
  memberGone(states: readonly string[]): void {
    this.#isAnyGone = true;
    const ask = (from: number, to: number): void => {
      if (this.#isClosed) return;
      for (let index = from; index < to; index += 1) if (states[index] === 'ready') this.asked(index);
    };
    doUnattended(inSteps(states.length, ask));
  }

  /**
   * Returns the node whose return a function waits for, if it is a certain one, and until when, monotonic ms; `undefined` if it does not
   * wait.
   */
  missedNode(index: number): { readonly node: string | undefined; readonly untilMs: number } | undefined {
    const untilMs = this.#waits.get(index);
    return untilMs === undefined ? undefined : { node: this.#deps.allocation.goneNodeFor(this.#kinds[index]!), untilMs };
  }

  /** A function requests a node. */
  asked(index: number): void {
    const { allocation, clock, logger, ids } = this.#deps;
    const kind = this.#kinds[index]!;
    // At the start of a new run every function had one.
    const isUnheld = this.#deps.isResumed && this.#isUnheld(index, kind);
    if ((!this.#isAnyGone && !allocation.isAnyResting && !isUnheld) || this.#waits.has(index)) return;
    const member = allocation.goneNodeFor(kind);
    if (member === undefined && !isUnheld) return;
    const waitedMs = this.#waitMs;
    if (waitedMs > 0 && !this.#named?.has(member ?? '')) {
      this.#named ??= new Set();
      this.#named.add(member ?? '');
      const whom = member === undefined ? 'a node that can go on with the run' : 'the return of the only node that can go on with the run';
      logger.warn(
        { functionId: ids[index], ...(member !== undefined && { member }), waitMs: waitedMs },
        `waiting up to ${waitedMs} ms for ${whom}`,
      );
    }
    this.#waits.set(index, clock.now() + waitedMs);
    this.#timer ??= clock.after(waitedMs, () => this.#waited());
  }

  /** Those that have waited long enough miss their node, some at a time; then the timer is set for the next. */
  #waited(): void {
    const { clock } = this.#deps;
    const nowMs = clock.now();
    let left = MISSED_AT_ONCE;
    for (const [index, dueMs] of this.#waits) {
      if (dueMs > nowMs || left === 0) {
        this.#timer = clock.after(Math.max(0, dueMs - nowMs), () => this.#waited());
        return;
      }
      left -= 1;
      this.#waits.delete(index);
      this.#missed(index, this.#kinds[index]!);
    }
    this.#timer = undefined;
  }

  #missed(index: number, kind: ClaimClass): void {
    const { allocation, ids, isResumed } = this.#deps;
    const waitedMs = this.#waitMs;
    const node = allocation.goneNodeFor(kind);
    if (node !== undefined) this.#feed({ type: 'node-missed', index, node, waitedMs, isMember: allocation.isResting(node) });
    else if (isResumed && allocation.impossible(kind, ids[index]!)) this.#feed({ type: 'node-missed', index, waitedMs });
  }

  #isUnheld(index: number, kind: ClaimClass): boolean {
    this.#unheld ??= new Map();
    let isUnheld = this.#unheld.get(kind);
    if (isUnheld === false) return false;
    isUnheld = this.#deps.allocation.impossible(kind, this.#deps.ids[index]!) !== undefined;
    this.#unheld.set(kind, isUnheld);
    return isUnheld;
  }

  /** The function has a node. */
  found(index: number): void {
    if (this.#waits.size === 0) return;
    if (this.#waits.delete(index)) this.#named?.clear();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#waits.clear();
  }
}

/** The parts of the node that waiting needs. */
export interface NodeReturnWaitsDeps {
  readonly allocation: Allocator;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The ids of the run's functions, by index. */
  readonly ids: readonly string[];
  /** Whether the run goes on with what another driver, or an earlier one, began. */
  readonly isResumed: boolean;
}
