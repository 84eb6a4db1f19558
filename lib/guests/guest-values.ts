import { RIDES_ALONG_BYTES } from '../executor/index.js';
import type { ValueStore } from '../store/index.js';
import type { StoredValue } from '../value/index.js';

/** The values that a run of another driver has made on this node, and that are not released. */
export class GuestValues {
  readonly #runId: string;
  readonly #node: string;
  readonly #store: ValueStore;
  /** By function, how large its value is. */
  readonly #sizes = new Map<string, number>();

  constructor(runId: string, { node, store }: { readonly node: string; readonly store: ValueStore }) {
    this.#runId = runId;
    this.#node = node;
    this.#store = store;
  }

  /** The functions. */
  get ids(): Iterable<string> {
    return this.#sizes.keys();
  }

  /** Whether there is one that the driver does not have. */
  get haveLarge(): boolean {
    for (const sizeBytes of this.#sizes.values()) if (sizeBytes > RIDES_ALONG_BYTES) return true;
    return false;
  }

  /** Keeps a value. Throws for one that cannot be packed. */
  keep(functionId: string, value: StoredValue, epoch: number): KeptValue {
    const packed = value.sizeBytes <= RIDES_ALONG_BYTES ? value.pack('result') : undefined;
    const fits = packed !== undefined || this.#store.fits(value.sizeBytes, 0);
    this.#store.put(this.#runId, functionId, value, this.#node, epoch);
    const sizeBytes = packed?.byteLength ?? value.sizeBytes;
    this.#sizes.set(functionId, sizeBytes);
    return { sizeBytes, fits, rides: packed && packed.byteLength <= RIDES_ALONG_BYTES ? packed : null };
  }

  /** Returns a value as it rides along with an answer, if it is small and still here. */
  ridingAlong(functionId: string): Uint8Array | null {
    const value = this.#store.get(this.#runId, functionId);
    return value && value.sizeBytes <= RIDES_ALONG_BYTES ? value.pack('result') : null;
  }

  release(functionId: string): void {
    this.#store.release(this.#runId, functionId);
    this.#sizes.delete(functionId);
  }
}

/** What the driver is told of a value that is kept. */
interface KeptValue {
  readonly sizeBytes: number;
  /** Whether there is room for it. */
  readonly fits: boolean;
  /** Packed, if it is small enough to ride along. */
  readonly rides: Uint8Array | null;
}
