/** From this size on a value arrives in shared memory, bytes: threads read it without a copy. Smaller ones are not worth their own pages. */
const SHARED_FROM_BYTES = 16 * 1024;

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
  /** `undefined` for one that is not wanted: what was already under way is let pass. */
  readonly into: Uint8Array | undefined;
  receivedBytes: number;
}

/** What happened to a value with a chunk. */
export type Arrival =
  | { readonly type: 'arriving' }
  | { readonly type: 'arrived'; readonly bytes: Uint8Array }
  /** It is not taken: the sender is to stop. */
  | { readonly type: 'refused'; readonly error: Error }
  /** The sender has given it up. */
  | { readonly type: 'abandoned'; readonly error: Error }
  | { readonly type: 'malformed'; readonly fault: string };

const ARRIVING: Arrival = { type: 'arriving' };

/**
 * Puts the chunks of values together. Each value has its memory from its first chunk on, as large as was announced, so nothing is
 * copied twice; what would be more than the budget is refused, and its chunks are dropped.
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
      const into = this.#memory(sizeBytes);
      value = { sizeBytes, into, receivedBytes: 0 };
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
      value.into?.set(part, value.receivedBytes);
      value.receivedBytes += part.length;
    }
    if (receivedBytes < sizeBytes) return refusal ?? ARRIVING;
    this.#forget(transferId, value);
    return value.into ? { type: 'arrived', bytes: value.into } : (refusal ?? ARRIVING);
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
      return sizeBytes >= SHARED_FROM_BYTES ? new Uint8Array(new SharedArrayBuffer(sizeBytes)) : new Uint8Array(sizeBytes);
    } catch {
      this.#budget.give(sizeBytes);
      return undefined;
    }
  }
}
