const SMALLEST_BYTES = 256 * 1024;
const FIRST_BYTES = 2 * 1024 * 1024;
const LARGEST_BYTES = 16 * 1024 * 1024;

const LARGEST_CHUNK_BYTES = 1024 * 1024;

/** How much longer a chunk may take than the quickest one did before its queue counts as short, and as long, ms. */
const SHORT_QUEUE_MS = 10;
const LONG_QUEUE_MS = 25;

/**
 * How many bytes of values may be under way to one peer. What is under way is what a message has to wait for, in this process, in the kernel's
 * buffers (which take megabytes before they say so) and in the network's; so the window grows while chunks arrive about as quickly as
 * they can, and shrinks when they queue, once for all that was under way then: one pause of a busy loop is one. Pure: the times are the caller's. Source: LEDBAT (RFC 6817), with a smaller target than its 100 ms.
 */
export class Window {
  #bytes = FIRST_BYTES;
  #underWayBytes = 0;
  #quickestMs = Number.POSITIVE_INFINITY;
  readonly #chunks: { readonly bytes: number; readonly atMs: number }[] = [];
  #sent = 0;
  #received = 0;
  /** Chunks up to this one were sent before the window shrank last: they say nothing of it. */
  #shrankAt = 0;

  get hasRoom(): boolean {
    return this.#underWayBytes < this.#bytes;
  }

  /** How much of a value should go in one chunk, bytes: few large ones where the network is fast (two thirds more throughput than 64 KiB each). */
  get chunkBytes(): number {
    return Math.min(LARGEST_CHUNK_BYTES, Math.floor(this.#bytes / 2));
  }

  /** How many chunks were sent. */
  get sent(): number {
    return this.#sent;
  }

  sentChunk(bytes: number, nowMs: number): void {
    this.#sent += 1;
    this.#underWayBytes += bytes;
    this.#chunks.push({ bytes, atMs: nowMs });
  }

  /** `chunks` have arrived in all. Says no to what cannot be. */
  receivedChunks(chunks: number, nowMs: number): boolean {
    if (chunks > this.#sent || chunks < this.#received) return false;
    for (; this.#received < chunks; this.#received++) {
      const { bytes, atMs } = this.#chunks.shift()!;
      this.#underWayBytes -= bytes;
      const tookMs = nowMs - atMs;
      this.#quickestMs = Math.min(this.#quickestMs, tookMs);
      const queuedMs = tookMs - this.#quickestMs;
      if (queuedMs < SHORT_QUEUE_MS) this.#bytes = Math.min(LARGEST_BYTES, this.#bytes + bytes / 4);
      else if (queuedMs > LONG_QUEUE_MS && this.#received >= this.#shrankAt) {
        this.#bytes = Math.max(SMALLEST_BYTES, this.#bytes * 0.75);
        this.#shrankAt = this.#sent;
      }
    }
    return true;
  }
}
