import { storageFailed } from '../../lib/files/index.js';
import type { SpillDisk, SpilledBytes } from '../../lib/store/index.js';

/** A disk for spilled values that is none: their bytes stay in memory, and come a turn of the event loop later. */
export class FakeDisk implements SpillDisk {
  onRoom: () => void = () => {};
  usedBytes = 0;
  readonly #limitBytes: number;
  #refusedBytes = 0;
  #busy = 0;
  #isClosing = false;
  #isClosed = false;

  constructor(limitBytes = Number.MAX_SAFE_INTEGER) {
    this.#limitBytes = limitBytes;
  }

  get freeBytes(): number {
    return this.#isClosing ? 0 : this.#limitBytes - this.usedBytes;
  }

  async write(parts: readonly Uint8Array[]): Promise<SpilledBytes> {
    const bytes = new Uint8Array(Buffer.concat(parts));
    if (bytes.length > this.freeBytes) {
      this.#refusedBytes = Math.min(this.#refusedBytes || bytes.length, bytes.length);
      throw storageFailed(this.#isClosing ? 'not-writable' : 'full', 'Cannot spill a value: there is no room');
    }
    this.usedBytes += bytes.length;
    await this.#during(() => undefined);
    let state: 'here' | 'kept' | 'dropped' = 'here';
    const find = (): Uint8Array => {
      if (state === 'kept' || (state === 'here' && !this.#isClosed)) return bytes.slice();
      throw storageFailed('damaged', 'Cannot read a spilled value: it is gone');
    };
    return {
      sizeBytes: bytes.length,
      read: () => this.#during(find),
      readNow: find,
      readRange: (from, to) => this.#during(() => find().slice(from, to)),
      reader: () => {
        let at = 0;
        return {
          read: (mostBytes) => {
            at += mostBytes;
            return this.#during(() => find().slice(at - mostBytes, at));
          },
          close() {},
        };
      },
      keepReadable: () => {
        if (state === 'here' && !this.#isClosed) state = 'kept';
      },
      drop: () => {
        if (state === 'dropped') return;
        state = 'dropped';
        this.usedBytes -= bytes.length;
        if (this.#refusedBytes === 0 || this.freeBytes < this.#refusedBytes) return;
        this.#refusedBytes = 0;
        this.onRoom();
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    while (this.#busy > 0) await turn();
    this.#isClosed = true;
  }

  async #during<T>(work: () => T): Promise<T> {
    this.#busy += 1;
    await turn();
    this.#busy -= 1;
    return work();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
