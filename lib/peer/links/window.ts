// Brain: pure.
/** The window before anything is known of the network, bytes. At 2 Mbit/s it takes a quarter of a second. */
const FIRST_BYTES = 64 * 1024;
const SMALLEST_BYTES = 16 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;

/** This many chunks fill a window between its smallest and largest size. */
const CHUNKS = 4;
const SMALLEST_CHUNK_BYTES = 8 * 1024;
const LARGEST_CHUNK_BYTES = 1024 * 1024;

/** How much longer than alone a chunk may take before its queue counts as short, and as long, ms. */
const QUEUE_MS = { short: 10, long: 25 };

/**
 * The same for a window of up to this size, bytes. On a slow link a few chunks are such a queue by themselves, and with less in transit the
 * link would be idle during acknowledgements.
 */
const SMALL_BYTES = 256 * 1024;
const SMALL_QUEUE_MS = { short: 50, long: 250 };

/** The estimated arrival rate falls by this factor with each chunk, unless a higher one is measured. */
const RATE_DECAY = 0.98;

interface Chunk {
  readonly bytes: number;
  readonly atMs: number;
  /** How many bytes had arrived when it was sent. */
  readonly arrivedBytes: number;
}

/**
 * Limits the bytes of values in transit to one peer. A message has to wait behind them in this process, in the kernel's buffers (which take
 * megabytes before they report it) and in the network's.
 *
 * The window begins small and doubles with each round while chunks arrive about as quickly as possible. Once chunks have queued it grows by
 * a quarter. It shrinks when chunks queue, at most once per window in flight, so that one pause of the receiver counts once. Senders that
 * share a slow line all see its queue, and shrink until it is short.
 *
 * Pure: the caller passes the times. Source: LEDBAT (RFC 6817), with a smaller target than its 100 ms, and its slow start (2.4.2).
 */
export class Window {
  #bytes = FIRST_BYTES;
  #underWayBytes = 0;
  /** The time of the quickest chunk, and its size. */
  #quickestMs = Number.POSITIVE_INFINITY;
  #quickestBytes = 0;
  /** The rate at which chunks arrive one behind the other. Extra time that a larger chunk takes at this rate is no queue. */
  #bytesPerMs = 0;
  #arrivedBytes = 0;
  #isStarting = true;
  readonly #chunks: Chunk[] = [];
  #sent = 0;
  #received = 0;
  /** Chunks up to this number were sent before the window last shrank, so they say nothing about its new size. */
  #shrankAt = 0;

  get hasRoom(): boolean {
    return this.#underWayBytes < this.#bytes;
  }

  /** Whether there is room, for data that may always have `leastBytes` in transit. */
  hasRoomFor(leastBytes: number): boolean {
    return this.#underWayBytes < Math.max(this.#bytes, leastBytes);
  }

  /**
   * How much of a value should go in one chunk, bytes. On a fast network few large chunks have two thirds more throughput than 64 KiB each.
   */
  get chunkBytes(): number {
    return Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, Math.floor(this.#bytes / CHUNKS)));
  }

  /** The number of chunks sent. */
  get sent(): number {
    return this.#sent;
  }

  /** The number of chunks received. */
  get received(): number {
    return this.#received;
  }

  sentChunk(bytes: number, nowMs: number): void {
    this.#sent += 1;
    this.#underWayBytes += bytes;
    this.#chunks.push({ bytes, atMs: nowMs, arrivedBytes: this.#arrivedBytes });
  }

  /** `chunks` have arrived in all. Returns false if that is impossible. */
  receivedChunks(chunks: number, nowMs: number): boolean {
    if (chunks > this.#sent || chunks < this.#received) return false;
    for (; this.#received < chunks; this.#received++) {
      const chunk = this.#chunks.shift()!;
      this.#underWayBytes -= chunk.bytes;
      this.#arrivedBytes += chunk.bytes;
      this.#fit(chunk.bytes, this.#queuedMs(chunk, nowMs));
    }
    return true;
  }

  /** Returns how much longer a chunk took than it would have alone, ms. */
  #queuedMs({ bytes, atMs, arrivedBytes }: Chunk, nowMs: number): number {
    const tookMs = nowMs - atMs;
    if (tookMs < this.#quickestMs) [this.#quickestMs, this.#quickestBytes] = [tookMs, bytes];
    // The rate as BBR measures it: what arrived between sending and arrival.
    if (tookMs > 0) this.#bytesPerMs = Math.max((this.#arrivedBytes - arrivedBytes) / tookMs, this.#bytesPerMs * RATE_DECAY);
    const longerMs = this.#bytesPerMs > 0 ? Math.max(0, bytes - this.#quickestBytes) / this.#bytesPerMs : 0;
    return tookMs - this.#quickestMs - longerMs;
  }

  #fit(bytes: number, queuedMs: number): void {
    const { short, long } = this.#bytes > SMALL_BYTES ? QUEUE_MS : SMALL_QUEUE_MS;
    if (queuedMs < short) {
      this.#bytes = Math.min(LARGEST_BYTES, this.#bytes + (this.#isStarting ? bytes : bytes / 4));
    } else if (queuedMs > long) {
      this.#isStarting = false;
      if (this.#received < this.#shrankAt) return;
      this.#bytes = Math.max(SMALLEST_BYTES, this.#bytes * 0.75);
      this.#shrankAt = this.#sent;
    }
  }
}
