import { PassingMap } from '../../base/index.js';
import { lengthOf } from '../transport.js';

/** Pieces of a value up to this size are copied, bytes. A view would keep alive the memory of everything that came with it. */
const COPIED_UP_TO_BYTES = 64 * 1024;

/** A value is refused, because there is no room for it now or ever. */
export class NoRoom extends Error {
  /** Whether the value is larger than one link may ever have in transit. */
  readonly isForGood: boolean;

  constructor(sizeBytes: number, mostBytes: number) {
    const isForGood = sizeBytes > mostBytes;
    super(`Cannot take a value of ${sizeBytes} bytes: there is no room${isForGood ? `, it may have ${mostBytes} at most` : ' now'}`);
    this.isForGood = isForGood;
  }
}

/** The other node cannot send the rest of a value. */
export class GivenUp extends Error {
  constructor() {
    super('The other node has given the value up');
  }
}

/**
 * Arriving values of one link may take this many times what is left. Alone it may take three quarters of all, and others always find some
 * room.
 */
const SHARE = 3;

/** The memory that arriving values may take, over all links of a node. It is counted as bytes arrive, whatever size was announced. */
export class IncomingBudget {
  /** The most that one link may have, and so the size of the largest value, bytes. */
  readonly mostBytes: number;
  #leftBytes: number;

  constructor(maxBytes: number) {
    this.#leftBytes = maxBytes;
    this.mostBytes = Math.floor((maxBytes * SHARE) / (SHARE + 1));
  }

  /**
   * Takes `bytes` for a link that already has `hasBytes`. Returns false if that exceeds its share. Source: dynamic thresholds of shared
   * buffers (Choudhury, Hahne 1998).
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
  /** The pieces that have arrived. `undefined` for a value that is not wanted: its chunks under way are dropped. */
  into: Uint8Array[] | undefined;
  /** The memory in which it is assembled as it arrives; without it, the value stays in the pieces that came. */
  memory: readonly Uint8Array[] | undefined;
  /** How much of the budget it has taken. */
  takenBytes: number;
  receivedBytes: number;
}

const ARRIVING: Arrival = { type: 'arriving' };

/**
 * Collects the chunks of values. A value is the list of pieces in which it came. Its reader joins them where it needs them, which is the
 * only copy; or it is assembled as it arrives, in memory that the requester provides.
 *
 * A value that was not requested is refused, and so is one that exceeds the budget of this link. The rest of its chunks is dropped.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #arriving = new PassingMap<number, Arriving>();
  /** How much of the budget the values of this link have taken. */
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

  /** Called when the link is over. Gives back the budget of incomplete values. */
  close(): void {
    for (const [transferId, value] of [...this.#arriving]) this.#forget(transferId, value);
  }

  #abandoned(transferId: number): Arrival {
    const value = this.#arriving.get(transferId);
    if (!value) return { type: 'malformed', fault: 'the end of a value that never began' };
    this.#forget(transferId, value);
    return value.into ? { type: 'abandoned', error: new GivenUp() } : ARRIVING;
  }

  #forget(transferId: number, value: Arriving): void {
    this.#arriving.delete(transferId);
    this.#give(value);
  }

  /** Drops the rest of a value as it arrives. */
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
      // The system has no more memory.
      return refused;
    }
  }
}

/** Copies bytes to their position in memory that consists of pieces. */
function put(bytes: Uint8Array, memory: readonly Uint8Array[], at: number): void {
  let begin = 0;
  for (const piece of memory) {
    const from = Math.max(at, begin);
    const count = Math.min(at + bytes.length, begin + piece.length) - from;
    if (count > 0) piece.set(bytes.subarray(from - at, from - at + count), from - begin);
    begin += piece.length;
  }
}

/** The effect of a chunk on its value. */
export type Arrival =
  | { readonly type: 'arriving' }
  | { readonly type: 'arrived'; readonly parts: readonly Uint8Array[] }
  /** The value is refused, and the sender must stop. */
  | { readonly type: 'refused'; readonly error: Error }
  /** The sender has given the value up. */
  | { readonly type: 'abandoned'; readonly error: Error }
  | { readonly type: 'malformed'; readonly fault: string };

/** Returns memory, in pieces, for a value of which only the beginning has come; `undefined` if it may stay in the pieces that come. */
export type MemoryFor = (transferId: number, sizeBytes: number, begin: Uint8Array | undefined) => readonly Uint8Array[] | undefined;

/** The options of an inbox. */
export interface InboxOptions {
  readonly budget: IncomingBudget;
  readonly memoryFor: MemoryFor;
  /** Whether a request waits for the value that begins to arrive. */
  expects(transferId: number, sizeBytes: number): boolean;
}
