import { PassingMap } from '../base/index.js';

/** Up to this size what has come of a value is copied, bytes: it would keep alive the memory of whatever else came with it. */
const COPIED_UP_TO_BYTES = 64 * 1024;

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
  /** Where it is put together as it comes; else it stays in the pieces that came. */
  readonly memory: readonly Uint8Array[] | undefined;
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

/** Memory for a value of which only the beginning has come, in pieces, in order; none if it may stay in those that come. */
export type MemoryFor = (transferId: number, sizeBytes: number, begin: Uint8Array | undefined) => readonly Uint8Array[] | undefined;

/**
 * Collects the chunks of values. A value is the pieces in which it came, in order: whoever opens it puts them together where it needs them, which is the only
 * copy; or it is put together as it comes, in memory that whoever waits for it gives. What would be more than the budget is refused, and its chunks are
 * dropped.
 */
export class Inbox {
  readonly #budget: IncomingBudget;
  readonly #memoryFor: MemoryFor;
  readonly #arriving = new PassingMap<number, Arriving>();

  constructor(budget: IncomingBudget, memoryFor: MemoryFor) {
    this.#budget = budget;
    this.#memoryFor = memoryFor;
  }

  chunk(transferId: number, sizeBytes: number, parts: readonly Uint8Array[]): Arrival {
    if (sizeBytes === -1) return this.#abandoned(transferId);
    const bytes = lengthOf(parts);
    let value = this.#arriving.get(transferId);
    let refusal: Arrival | undefined;
    if (!value) {
      value = this.#begun(transferId, sizeBytes, bytes < sizeBytes, parts[0]);
      this.#arriving.set(transferId, value);
      if (!value.into) refusal = { type: 'refused', error: new Error(`Cannot take a value of ${sizeBytes} bytes: there is no room`) };
    }
    const receivedBytes = value.receivedBytes + bytes;
    const isEmpty = receivedBytes === value.receivedBytes && sizeBytes > 0;
    if (sizeBytes !== value.sizeBytes || receivedBytes > sizeBytes || isEmpty) {
      this.#forget(transferId, value);
      return { type: 'malformed', fault: 'a chunk that does not fit its value' };
    }
    for (const part of parts) {
      if (value.memory) put(part, value.memory, value.receivedBytes);
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

  #begun(transferId: number, sizeBytes: number, isPart: boolean, begin: Uint8Array | undefined): Arriving {
    if (!this.#budget.take(sizeBytes)) return { sizeBytes, into: undefined, memory: undefined, receivedBytes: 0 };
    try {
      const memory = isPart ? this.#memoryFor(transferId, sizeBytes, begin) : undefined;
      return { sizeBytes, into: memory ? [...memory] : [], memory, receivedBytes: 0 };
    } catch {
      // The system has no more.
      this.#budget.give(sizeBytes);
      return { sizeBytes, into: undefined, memory: undefined, receivedBytes: 0 };
    }
  }
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** Puts bytes where they belong in memory that is in pieces. */
function put(bytes: Uint8Array, memory: readonly Uint8Array[], at: number): void {
  let begin = 0;
  for (const piece of memory) {
    const from = Math.max(at, begin);
    const count = Math.min(at + bytes.length, begin + piece.length) - from;
    if (count > 0) piece.set(bytes.subarray(from - at, from - at + count), from - begin);
    begin += piece.length;
  }
}
