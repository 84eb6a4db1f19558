import { PassingMap, type Timer } from '../../base/index.js';
import { PoolThread, type ThreadMaking, type ThreadOwner, type Work } from './pool-thread.js';

/** How long a thread that has nothing to do is kept, ms: longer than the pauses within a run, as a thread takes some 30 ms to start. */
const IDLE_MS = 10_000;

/** How long all threads may take to end, ms. It takes a few ms, unless one is blocked in a system call. */
const CLOSE_MS = 500;

/** How long no thread is tried again, while there are others, after one could not be made, ms. */
const GROW_AGAIN_MS = 1000;

/**
 * Worker threads: made when they are needed, run one call at a time, and end when they have had nothing to do for a while. Where no further
 * thread can be made, calls wait for those there are; where there is none at all, they fail.
 */
export class ThreadPool implements ThreadOwner {
  readonly making: ThreadMaking;
  readonly #size: number;
  readonly #threads = new Set<PoolThread>();
  /** The one that was freed last is taken first. */
  readonly #idle: PoolThread[] = [];
  readonly #waiting = new PassingMap<number, Work>();
  readonly #waitingForFresh = new PassingMap<number, Work>();
  #starting = 0;
  #growAgain: Timer | undefined;
  #sweep: Timer | undefined;
  #isClosed = false;

  /** `size`: how many threads there may be at once. */
  constructor(size: number, making: ThreadMaking) {
    this.#size = size;
    this.making = making;
  }

  /** Gives the work to a thread as soon as one is free. May call `notStarted` before it returns. */
  run(work: Work): void {
    const thread = work.needsFreshThread ? undefined : this.#idle.pop();
    if (thread) {
      thread.wake();
      thread.take(work);
      return;
    }
    (work.needsFreshThread ? this.#waitingForFresh : this.#waiting).set(work.key, work);
    this.#grow();
  }

  /** Takes back what no thread has taken yet. */
  withdraw({ key }: Work): void {
    this.#waiting.delete(key);
    this.#waitingForFresh.delete(key);
  }

  /** Ends all threads, at once. Resolves with how many have not ended within `CLOSE_MS`: they are blocked in a system call. */
  async close(): Promise<number> {
    this.#isClosed = true;
    this.#growAgain?.cancel();
    this.#sweep?.cancel();
    const all = Promise.all([...this.#threads].map((thread) => new Promise<void>((gone) => thread.end(gone))));
    let timer: Timer | undefined;
    const late = new Promise<void>((over) => {
      timer = this.making.clock.after(CLOSE_MS, over);
    });
    await Promise.race([all, late]);
    timer?.cancel();
    return this.#threads.size;
  }

  freed(thread: PoolThread, hasJustStarted: boolean): void {
    if (hasJustStarted) this.#starting -= 1;
    const next = this.#nextFor(thread);
    if (next) return thread.take(next);
    this.#idle.push(thread);
    thread.rest();
    this.#sweep ??= this.making.clock.after(IDLE_MS, () => this.#endIdle());
    this.#makeRoomForFresh();
    return undefined;
  }

  retired(thread: PoolThread): void {
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  gone(thread: PoolThread, startFault: { readonly cause: unknown } | undefined): void {
    this.retired(thread);
    this.#threads.delete(thread);
    if (startFault) {
      this.#starting -= 1;
      this.#notStarted(startFault.cause);
    }
    this.#grow();
  }

  #nextFor(thread: PoolThread): Work | undefined {
    if (this.#isClosed) return undefined;
    if (thread.isFresh) return takeFirst(this.#waitingForFresh) ?? takeFirst(this.#waiting);
    // Where there is no room for a fresh thread, this one makes room.
    return this.#needsRoom ? undefined : takeFirst(this.#waiting);
  }

  get #needsRoom(): boolean {
    return this.#waitingForFresh.size > this.#starting && this.#threads.size >= this.#size;
  }

  #makeRoomForFresh(): void {
    if (this.#needsRoom) this.#idle[0]?.end();
  }

  #grow(): void {
    if (this.#isClosed) return;
    while (this.#waiting.size + this.#waitingForFresh.size > this.#starting && this.#threads.size < this.#size) {
      if (this.#growAgain && this.#threads.size > 0) return;
      try {
        this.#threads.add(new PoolThread(this));
        this.#starting += 1;
      } catch (cause) {
        this.#notStarted(cause);
      }
    }
    this.#makeRoomForFresh();
  }

  /** Goes on with the threads there are, or fails what waits. */
  #notStarted(cause: unknown): void {
    if (this.#isClosed) return;
    const { clock, logger } = this.making;
    const { size } = this.#threads;
    logger.error({ err: cause, threads: size }, 'a worker thread could not be started');
    const work = [...this.#waitingForFresh.values(), ...this.#waiting.values()];
    this.#waitingForFresh.clear();
    this.#waiting.clear();
    if (size === 0) {
      for (const one of work) one.notStarted(cause);
      return;
    }
    this.#growAgain ??= clock.after(GROW_AGAIN_MS, () => {
      this.#growAgain = undefined;
      this.#grow();
    });
    for (const one of work) {
      const thread = this.#idle.pop();
      thread?.wake();
      if (thread) thread.take(one);
      else this.#waiting.set(one.key, one);
    }
  }

  #endIdle(): void {
    this.#sweep = undefined;
    const { clock } = this.making;
    const nowMs = clock.now();
    let nextMs = IDLE_MS;
    for (const thread of [...this.#idle]) {
      const leftMs = thread.idleSinceMs + IDLE_MS - nowMs;
      if (leftMs <= 0) thread.end();
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (this.#idle.length > 0) this.#sweep = clock.after(nextMs, () => this.#endIdle());
  }
}

/** Takes out the one that has waited longest. */
function takeFirst(waiting: PassingMap<number, Work>): Work | undefined {
  return waiting.size === 0 ? undefined : waiting.take(waiting.keys().next().value!);
}
