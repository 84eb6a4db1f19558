import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/index.js';
import type { LinkConditions } from '../peer/index.js';

/** The most that is read while it cannot be passed on, bytes. */
const MOST_WAITING_BYTES = 4 * 2 ** 20;

/** Something in transit. */
interface Waiting {
  readonly passing: Passing;
  readonly dueMs: number;
}

/** One direction of a connection. What one socket receives is sent by the other, in order, when the conditions of the link allow it. */
export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #parts: FlowParts;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #carriedBytes = 0;
  #lastDueMs = 0;
  #timer: Timer | undefined;
  #isBlocked = false;
  #isClosed = false;

  constructor(from: Socket, to: Socket, parts: FlowParts) {
    this.#from = from;
    this.#to = to;
    this.#parts = parts;
    from.on('data', (chunk: Buffer) => this.push(chunk));
    from.on('end', () => this.push('end'));
  }

  /** Adds what has been received. */
  push(passing: Passing): void {
    if (this.#isClosed) return;
    const { clock, conditions } = this.#parts;
    const { delayMs = 0, bytesPerSecond } = conditions();
    const bytes = typeof passing === 'string' ? 0 : passing.length;
    const lineMs = bytesPerSecond === undefined ? 0 : (bytes * 1000) / bytesPerSecond;
    this.#lastDueMs = Math.max(this.#lastDueMs, clock.now() + delayMs) + lineMs;
    this.#waiting.push({ passing, dueMs: this.#lastDueMs });
    this.#waitingBytes += bytes;
    this.pump();
  }

  /** Passes on what may pass, and reads more or pauses. */
  pump(): void {
    if (this.#isClosed) return;
    while (!this.#timer && !this.#isBlocked && this.#waiting.length > 0 && !this.#parts.conditions().stall) {
      const { passing, dueMs } = this.#waiting[0]!;
      const waitMs = dueMs - this.#parts.clock.now();
      if (waitMs > 0) {
        this.#timer = this.#parts.clock.after(waitMs, () => {
          this.#timer = undefined;
          this.pump();
        });
        break;
      }
      this.#waiting.shift();
      if (passing === 'reset') return this.#parts.reset();
      if (passing === 'end') {
        this.#to.end();
        continue;
      }
      this.#waitingBytes -= passing.length;
      this.#carriedBytes += passing.length;
      if (this.#carriedBytes > (this.#parts.conditions().resetAfterBytes ?? Number.POSITIVE_INFINITY)) return this.#parts.reset();
      // A destroyed socket accepts it without effect.
      this.#isBlocked = !this.#to.destroyed && !this.#to.write(passing);
      if (this.#isBlocked) {
        this.#to.once('drain', () => {
          this.#isBlocked = false;
          this.pump();
        });
      }
    }
    if (this.#parts.conditions().stall || this.#waitingBytes > MOST_WAITING_BYTES) this.#from.pause();
    else this.#from.resume();
  }

  /** Stops passing anything. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#waiting.length = 0;
  }
}

/** The part of a connection that a flow needs. */
export interface FlowParts {
  readonly clock: Clock;
  readonly conditions: () => LinkConditions;
  /** Resets the connection. */
  readonly reset: () => void;
}

/** Bytes; the end of the stream; or a reset of the connection. */
export type Passing = Buffer | 'end' | 'reset';
