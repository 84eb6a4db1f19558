/** Up to this size what has come of a value is copied, bytes: it would keep alive the memory of whatever else came with it. */
const COPIED_UP_TO_BYTES = 64 * 1024;

/**
 * From this size on a value is put together as it comes, in memory that threads share, bytes: done at once it would hold up the loop, at about 1 ms per MiB
 * where the pages are new.
 */
const GATHERED_FROM_BYTES = 4 * 1024 * 1024;

/** How much memory values that are still arriving may take, over all links of a node. */
export class IncomingBudget {
  #leftBytes: number;

  constructor(maxBytes: number) {
    this.#leftBytes = maxBytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#leftBytes) return false;
    this.#leftBytes -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#leftBytes += bytes;
  }
}

interface Arriving {
  readonly sizeBytes: number;
  /** What has come; `undefined` for one that is not wanted: what was already under way is let pass. */
  readonly into: Uint8Array[] | undefined;
  /** Where it is put together, if it is large. */
  readonly whole: Uint8Array | undefined;
  receivedBytes: number;
}

/** What happened to a value with a chunk. */
export type Arrival =
  | { readonly type: 'arriving' }
  | { readonly type: 'arrived'; readonly parts: readonly Uint8Array[] }
  /** It is not taken: the sender is to stop. */
  | { readonly type: 'refused'; readonly error: Error }
  /** The sender has given it up. */
  | { readonly type: 'abandoned'; readonly error: Error }
  | { readonly type: 'malformed'; readonly fault: string };

const ARRIVING: Arrival = { type: 'arriving' };

/**
 * Collects the chunks of values. A value is the pieces in which it came, in order: whoever opens it puts them together where it needs them, which is the only
 * copy; a large one is one piece. What would be more than the budget is refused, and its chunks are dropped.
 */
export class Inbox {
  readonly #budget: IncomingBudget;
  readonly #arriving = new Map<number, Arriving>();

  constructor(budget: IncomingBudget) {
    this.#budget = budget;
  }

  chunk(transferId: number, sizeBytes: number, parts: readonly Uint8Array[]): Arrival {
    if (sizeBytes === -1) return this.#abandoned(transferId);
    let value = this.#arriving.get(transferId);
    let refusal: Arrival | undefined;
    if (!value) {
      const whole = sizeBytes >= GATHERED_FROM_BYTES ? this.#memory(sizeBytes) : undefined;
      const isTaken = whole !== undefined || (sizeBytes < GATHERED_FROM_BYTES && this.#budget.take(sizeBytes));
      const into = isTaken ? (whole ? [whole] : []) : undefined;
      value = { sizeBytes, into, whole, receivedBytes: 0 };
      this.#arriving.set(transferId, value);
      if (!into) refusal = { type: 'refused', error: new Error(`Cannot take a value of ${sizeBytes} bytes: there is no room`) };
    }
    let receivedBytes = value.receivedBytes;
    for (const part of parts) receivedBytes += part.length;
    const isEmpty = receivedBytes === value.receivedBytes && sizeBytes > 0;
    if (sizeBytes !== value.sizeBytes || receivedBytes > sizeBytes || isEmpty) {
      this.#forget(transferId, value);
      return { type: 'malformed', fault: 'a chunk that does not fit its value' };
    }
    for (const part of parts) {
      if (value.whole) value.whole.set(part, value.receivedBytes);
      else value.into?.push(sizeBytes <= COPIED_UP_TO_BYTES ? new Uint8Array(part) : part);
      value.receivedBytes += part.length;
    }
    if (receivedBytes < sizeBytes) return refusal ?? ARRIVING;
    this.#forget(transferId, value);
    return value.into ? { type: 'arrived', parts: value.into } : (refusal ?? ARRIVING);
  }

  /** The link is over: gives back what was taken for values that will not be whole. */
  close(): void {
    for (const [transferId, value] of [...this.#arriving]) this.#forget(transferId, value);
  }

  #abandoned(transferId: number): Arrival {
    const value = this.#arriving.get(transferId);
    if (!value) return { type: 'malformed', fault: 'the end of a value that never began' };
    this.#forget(transferId, value);
    return value.into ? { type: 'abandoned', error: new Error('The other node has given the value up') } : ARRIVING;
  }

  #forget(transferId: number, value: Arriving): void {
    this.#arriving.delete(transferId);
    if (value.into) this.#budget.give(value.sizeBytes);
  }

  #memory(sizeBytes: number): Uint8Array | undefined {
    if (!this.#budget.take(sizeBytes)) return undefined;
    try {
      return new Uint8Array(new SharedArrayBuffer(sizeBytes));
    } catch {
      this.#budget.give(sizeBytes);
      return undefined;
    }
  }
}
