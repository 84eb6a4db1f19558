import { PassingMap } from '../../base/index.js';

/** Up to this size what has come of a value is copied, bytes: it would keep alive the memory of whatever else came with it. */
const COPIED_UP_TO_BYTES = 64 * 1024;

/** A value is not taken, as there is no room for it now, or never. */
export class NoRoom extends Error {
  /** Whether it is more than one link may ever have on its way. */
  readonly isForGood: boolean;

  constructor(sizeBytes: number, mostBytes: number) {
    const isForGood = sizeBytes > mostBytes;
    super(`Cannot take a value of ${sizeBytes} bytes: there is no room${isForGood ? `, it may have ${mostBytes} at most` : ' now'}`);
    this.isForGood = isForGood;
  }
}

/** What one link has in arriving values may be so many times what is left: alone three quarters of all, and others always find some. */
const SHARE = 3;

/**
 * How much memory values that are still arriving may take, over all links of a node. It is taken as their bytes come, whatever was
 * announced.
 */
export class IncomingBudget {
  /** The most that one link may have, and so the largest value, bytes. */
  readonly mostBytes: number;
  #leftBytes: number;

  constructor(maxBytes: number) {
    this.#leftBytes = maxBytes;
    this.mostBytes = Math.floor((maxBytes * SHARE) / (SHARE + 1));
  }

  /**
   * For a link that has `hasBytes` already. Says no when that would be more than its share. Source: dynamic thresholds of shared buffers
   * (Choudhury, Hahne 1998).
   */
  take(bytes: number, hasBytes: number): boolean {
    if (hasBytes + bytes > SHARE * (this.#leftBytes - bytes)) return false;
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
  into: Uint8Array[] | undefined;
  /** Where it is put together as it comes; else it stays in the pieces that came. */
  memory: readonly Uint8Array[] | undefined;
  /** What it has of the budget. */
  takenBytes: number;
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

/** What an inbox is made with. */
export interface InboxOptions {
  readonly budget: IncomingBudget;
  readonly memoryFor: MemoryFor;
  /** Whether somebody waits for a value that begins to arrive. */
  expects(transferId: number, sizeBytes: number): boolean;
}

/**
 * Collects the chunks of values. A value is the pieces in which it came, in order: whoever opens it puts them together where it needs them,
 * which is the only copy; or it is put together as it comes, in memory that whoever waits for it gives. What nobody waits for is refused,
 * and so is what turns out to be more than the budget has for this link; the rest of its chunks is dropped.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #arriving = new PassingMap<number, Arriving>();
  /** What the values of this link have of the budget. */
  #takenBytes = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  chunk(transferId: number, sizeBytes: number, parts: readonly Uint8Array[]): Arrival {
    if (sizeBytes === -1) return this.#abandoned(transferId);
    const bytes = lengthOf(parts);
    let value = this.#arriving.get(transferId);
    let refusal: Arrival | undefined;
    if (!value) {
      value = this.#begun(transferId, sizeBytes, bytes < sizeBytes, parts[0]);
      this.#arriving.set(transferId, value);
      if (!value.into) refusal = this.#refusal(sizeBytes);
    }
    const receivedBytes = value.receivedBytes + bytes;
    const isEmpty = receivedBytes === value.receivedBytes && sizeBytes > 0;
    if (sizeBytes !== value.sizeBytes || receivedBytes > sizeBytes || isEmpty) {
      this.#forget(transferId, value);
      return { type: 'malformed', fault: 'a chunk that does not fit its value' };
    }
    if (value.into && !this.#take(value, bytes)) {
      this.#letGo(value);
      refusal = this.#refusal(sizeBytes);
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
    this.#give(value);
  }

  /** What comes of it from now on is let pass. */
  #letGo(value: Arriving): void {
    this.#give(value);
    value.into = undefined;
    value.memory = undefined;
  }

  #take(value: Arriving, bytes: number): boolean {
    if (!this.#options.budget.take(bytes, this.#takenBytes)) return false;
    this.#takenBytes += bytes;
    value.takenBytes += bytes;
    return true;
  }

  #give(value: Arriving): void {
    this.#options.budget.give(value.takenBytes);
    this.#takenBytes -= value.takenBytes;
    value.takenBytes = 0;
  }

  #refusal(sizeBytes: number): Arrival {
    return { type: 'refused', error: new NoRoom(sizeBytes, this.#options.budget.mostBytes) };
  }

  #begun(transferId: number, sizeBytes: number, isPart: boolean, begin: Uint8Array | undefined): Arriving {
    const { budget, expects, memoryFor } = this.#options;
    const refused = { sizeBytes, into: undefined, memory: undefined, takenBytes: 0, receivedBytes: 0 };
    if (sizeBytes > budget.mostBytes || !expects(transferId, sizeBytes)) return refused;
    try {
      const memory = isPart ? memoryFor(transferId, sizeBytes, begin) : undefined;
      return { ...refused, into: memory ? [...memory] : [], memory };
    } catch {
      // The system has no more.
      return refused;
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
