import { type Clock, HandoffError, type Timer } from '../../base/index.js';
import type { Lease } from '../journal.js';
import { type LeaseState, leaseLeftMs, renewalDelayMs } from './lease-state.js';

interface LeaseWaiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const leaseClosed = (): HandoffError => new HandoffError('HANDOFF_STOPPED', 'Cannot hold a lease: the journal has been closed');

/** A lease that renews itself every third of its time; see `Lease`. `renew` rejects if it was not renewed. */
export class RenewedLease implements Lease {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #renew: () => Promise<void>;
  readonly #waiters: LeaseWaiter[] = [];
  #state: LeaseState | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #renewing: Promise<void> | undefined;
  readonly #closing = new AbortController();
  /** A renewal that the clock was too late for is on its way. */
  #isOverdue = false;

  constructor(clock: Clock, leaseMs: number, renew: () => Promise<void>) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#renew = renew;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  isHeld(): boolean {
    if (this.closed.aborted || !this.#state) return false;
    const isHeld = leaseLeftMs(this.#state, this.#clock.now(), this.#clock.wallNow()) > 0;
    // After a sleep the timer of the next renewal is as late as the sleep was long.
    if (!isHeld && this.#failures === 0 && !this.#isOverdue) this.#renewOverdue();
    return isHeld;
  }

  async whenHeld(): Promise<void> {
    if (this.isHeld()) return;
    if (this.closed.aborted) throw leaseClosed();
    await new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Renews now, and from then on by itself; also to take the lease first. Rejects if that fails, but goes on trying. */
  renewNow(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** A lease taken by other means, as when a run is opened, counts from before that was sent. */
  heldSince(sentAtMs: number, sentAtWallMs: number): void {
    if (this.#state && this.#state.sentAtMs > sentAtMs) return;
    this.#state = { leaseMs: this.#leaseMs, sentAtMs, sentAtWallMs };
    this.#failures = 0;
    if (this.isHeld()) for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  /** Ends renewing. */
  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
    for (const { reject } of this.#waiters.splice(0)) reject(leaseClosed());
  }

  async #renewOnce(): Promise<void> {
    const sentAtMs = this.#clock.now();
    const sentAtWallMs = this.#clock.wallNow();
    this.#isOverdue = false;
    try {
      await this.#renew();
      this.heldSince(sentAtMs, sentAtWallMs);
    } catch (error) {
      this.#failures += 1;
      throw error;
    } finally {
      this.#renewSoon(renewalDelayMs(this.#leaseMs, this.#failures));
    }
  }

  #renewOverdue(): void {
    if (this.#renewing) return;
    this.#isOverdue = true;
    this.#renewSoon(0);
  }

  #renewSoon(delayMs: number): void {
    if (this.closed.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, () => void this.renewNow().catch(() => {}));
  }
}

/** The lease of a journal that a lock guards: held until the journal is closed. */
export class LockedLease implements Lease {
  readonly #closing = new AbortController();

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  isHeld(): boolean {
    return !this.closed.aborted;
  }

  async whenHeld(): Promise<void> {
    if (this.closed.aborted) throw leaseClosed();
  }

  /** The lock is about to be released. */
  close(): void {
    this.#closing.abort();
  }
}
