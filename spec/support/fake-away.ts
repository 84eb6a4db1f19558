import type { AwayBytes, ByteReader, Packed } from '../../lib/value/index.js';

/** Bytes that lie on no disk at all. It knows how much of them is read, and gives them when it should. */
export class FakeAway implements AwayBytes {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  readonly #options: FakeAwayOptions;
  /** How many readers were opened, and are open. */
  opened = 0;
  open = 0;
  readBytes = 0;
  /** The ranges that were read. */
  readonly ranges: (readonly [from: number, to: number])[] = [];
  /** How often the whole was read. */
  whole = 0;
  /** What the gate holds back. */
  #held: (() => void)[] = [];
  isGated: boolean;

  constructor(bytes: Uint8Array, options: FakeAwayOptions = {}) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.byteLength;
    this.#options = options;
    this.isGated = options.isGated === true;
  }

  /** Lets everything through that is held back, and what comes later. */
  release(): void {
    this.isGated = false;
    for (const go of this.#held.splice(0)) go();
  }

  async read(): Promise<Packed> {
    this.whole += 1;
    await this.#gate();
    return this.#upTo(this.sizeBytes) as Packed;
  }

  readNow(): Packed {
    this.whole += 1;
    return this.#upTo(this.sizeBytes) as Packed;
  }

  async readRange(from: number, to: number): Promise<Uint8Array> {
    this.ranges.push([from, to]);
    await this.#gate();
    return this.#upTo(to).slice(from);
  }

  reader(): ByteReader {
    this.opened += 1;
    this.open += 1;
    let at = 0;
    let isOpen = true;
    return {
      read: async (mostBytes) => {
        await this.#gate();
        const to = Math.min(this.sizeBytes, at + Math.min(mostBytes, this.#options.mostBytes ?? mostBytes));
        const piece = this.#upTo(to).slice(at);
        this.readBytes += piece.byteLength;
        at = to;
        return piece;
      },
      close: () => {
        if (isOpen) this.open -= 1;
        isOpen = false;
      },
    };
  }

  #gate(): Promise<void> | undefined {
    return this.isGated ? new Promise((go) => void this.#held.push(go)) : undefined;
  }

  #upTo(to: number): Uint8Array {
    const { failsFrom } = this.#options;
    if (failsFrom !== undefined && to > failsFrom) throw new Error('the disk is damaged');
    return this.#bytes.subarray(0, to);
  }
}

interface FakeAwayOptions {
  /** Whether reads wait for `release`. */
  readonly isGated?: boolean;
  /** Reads that go beyond this position fail. */
  readonly failsFrom?: number;
  /** The most bytes that one read gives. */
  readonly mostBytes?: number;
}
