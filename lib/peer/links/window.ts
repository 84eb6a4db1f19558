// Brain: pure.
/** What goes before anything is known of the network, bytes: at 2 Mbit/s it takes a quarter of a second. */
const FIRST_BYTES = 64 * 1024;
const SMALLEST_BYTES = 16 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;

/** Four chunks fill a window that is neither at its smallest nor at its largest. */
const CHUNKS = 4;
const SMALLEST_CHUNK_BYTES = 8 * 1024;
const LARGEST_CHUNK_BYTES = 1024 * 1024;

/** How much longer a chunk may take than it would alone before its queue counts as short, and as long, ms. */
const QUEUE_MS = { short: 10, long: 25 };

/**
 * The same for a window of up to so many bytes: on a slow link a few chunks are a queue of that length by themselves, and less under way
 * would leave the link idle while they are acknowledged.
 */
const SMALL_BYTES = 256 * 1024;
const SMALL_QUEUE_MS = { short: 50, long: 250 };

/** By so much the rate at which chunks arrive is believed to fall with each, unless it is measured higher. */
const RATE_DECAY = 0.98;

interface Chunk {
  readonly bytes: number;
  readonly atMs: number;
  /** How many bytes had arrived when it was sent. */
  readonly arrivedBytes: number;
}

/**
 * How many bytes of values may be under way to one peer. What is under way is what a message has to wait for, in this process, in the
 * kernel's buffers (which take megabytes before they say so) and in the network's. So the window begins small, doubles with each round
 * while chunks arrive about as quickly as they can, grows by a quarter once they have queued, and shrinks when they queue: at most once per
 * window in flight, so that one pause of the receiver counts once. Those of many senders that share a slow line all see its queue, and
 * shrink until it is short. Pure: the times are the caller's. Source: LEDBAT (RFC 6817), with a smaller target than its 100 ms, and its
 * slow start (2.4.2).
 */
export class Window {
  #bytes = FIRST_BYTES;
  #underWayBytes = 0;
  /** The chunk that took the least time, and its size. */
  #quickestMs = Number.POSITIVE_INFINITY;
  #quickestBytes = 0;
  /** How fast chunks arrive, one behind the other: what a larger one takes longer than the quickest is no queue. */
  #bytesPerMs = 0;
  #arrivedBytes = 0;
  #isStarting = true;
  readonly #chunks: Chunk[] = [];
  #sent = 0;
  #received = 0;
  /** Chunks up to this one were sent before the window shrank last: they say nothing of it. */
  #shrankAt = 0;

  get hasRoom(): boolean {
    return this.#underWayBytes < this.#bytes;
  }

  /** The same for what may always have so much under way, bytes. */
  hasRoomFor(leastBytes: number): boolean {
    return this.#underWayBytes < Math.max(this.#bytes, leastBytes);
  }

  /**
   * How much of a value should go in one chunk, bytes: few large ones where the network is fast (two thirds more throughput than 64 KiB
   * each).
   */
  get chunkBytes(): number {
    return Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, Math.floor(this.#bytes / CHUNKS)));
  }

  /** How many chunks were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** How many of them have arrived. */
  get received(): number {
    return this.#received;
  }

  sentChunk(bytes: number, nowMs: number): void {
    this.#sent += 1;
    this.#underWayBytes += bytes;
    this.#chunks.push({ bytes, atMs: nowMs, arrivedBytes: this.#arrivedBytes });
  }

  /** `chunks` have arrived in all. Says no to what cannot be. */
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

  /** How much longer a chunk took than it would have alone. */
  #queuedMs({ bytes, atMs, arrivedBytes }: Chunk, nowMs: number): number {
    const tookMs = nowMs - atMs;
    if (tookMs < this.#quickestMs) [this.#quickestMs, this.#quickestBytes] = [tookMs, bytes];
    // As BBR measures it: what arrived from its being sent to its being there.
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
