import { PassingMap, type Timer } from '../../base/index.js';
import { type PoolMaking, PoolWorker, type Work, type WorkerOwner } from './pool-worker.js';

/** How long an idle worker is kept, ms. It exceeds the pauses within a run, as a worker takes some 30 ms to start. */
const IDLE_MS = 10_000;

/** How long all workers may take to end, ms. They take a few ms unless one is blocked in a system call. */
const CLOSE_MS = 500;
/** The same for workers in which nothing runs that could block them, ms: a machine with much else to do may take that long. */
const SLOW_MS = 3000;

/** After a worker could not be made, how long no other is tried while some exist, ms. */
const GROW_AGAIN_MS = 1000;

/**
 * Worker threads or processes. They are made when needed, run one call at a time, and end when they have been idle for a while. If no
 * further one can be made, calls wait for those there are; if there are none, they fail.
 */
export class WorkerPool implements WorkerOwner {
  readonly making: PoolMaking;
  readonly #size: number;
  readonly #workers = new Set<PoolWorker>();
  /** The worker that was freed last is taken first. */
  readonly #idle: PoolWorker[] = [];
  readonly #waiting = new PassingMap<number, Work>();
  readonly #waitingForFresh = new PassingMap<number, Work>();
  /** Work that waits until other work has ended, and lies at no worker. */
  readonly #lying = new PassingMap<number, Work>();
  #starting = 0;
  #growAgain: Timer | undefined;
  #sweep: Timer | undefined;
  #isClosed = false;

  /** `size` is the most workers at once. */
  constructor(size: number, making: PoolMaking) {
    this.#size = size;
    this.making = making;
  }

  /** Gives the work to a worker as soon as one is free. May call `notStarted` before it returns. */
  run(work: Work): void {
    const worker = work.needsFreshWorker ? undefined : this.#idle.pop();
    if (worker) {
      worker.wake();
      worker.take(work);
      return;
    }
    (work.needsFreshWorker ? this.#waitingForFresh : this.#waiting).set(work.key, work);
    this.#grow();
  }

  /** Lets work lie at the busy worker where the least lies, or here if none has a place. */
  lie(work: Work): void {
    let best: PoolWorker | undefined;
    for (const worker of this.#workers) if (worker.places > (best?.places ?? 0)) best = worker;
    if (best) best.lie(work);
    else this.#lying.set(work.key, work);
  }

  /** Takes back work that lies. Returns false if it has begun. */
  takeBack(work: Work): boolean {
    if (this.#lying.take(work.key)) return true;
    for (const worker of this.#workers) if (worker.takeBack(work)) return true;
    return false;
  }

  givenBack(work: Work): void {
    this.#lying.set(work.key, work);
  }

  /** Takes back work that no worker has taken yet. */
  withdraw({ key }: Work): void {
    this.#waiting.delete(key);
    this.#waitingForFresh.delete(key);
  }

  /**
   * Ends all workers at once. Resolves to the number of those that have not ended within `CLOSE_MS`: they are blocked in a system call. One
   * without a call is not: its machine is slow.
   */
  async close(): Promise<number> {
    this.#isClosed = true;
    this.#growAgain?.cancel();
    this.#sweep?.cancel();
    await Promise.all([...this.#workers].map((worker) => this.#ended(worker, worker.mayBeBlocked ? CLOSE_MS : SLOW_MS)));
    return this.#workers.size;
  }

  /** Ends a worker. Resolves when it has ended, or is late. */
  #ended(worker: PoolWorker, lateMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = this.making.clock.after(lateMs, resolve);
      worker.end(() => {
        late.cancel();
        resolve();
      });
    });
  }

  freed(worker: PoolWorker, hasJustStarted: boolean): void {
    if (hasJustStarted) this.#starting -= 1;
    const next = this.#nextFor(worker);
    if (next) return worker.take(next);
    this.#idle.push(worker);
    worker.rest();
    this.#sweep ??= this.making.clock.after(IDLE_MS, () => this.#endIdle());
    this.#makeRoomForFresh();
    return undefined;
  }

  retired(worker: PoolWorker): void {
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  gone(worker: PoolWorker, startFault: { readonly cause: unknown } | undefined): void {
    this.retired(worker);
    this.#workers.delete(worker);
    if (startFault) {
      this.#starting -= 1;
      this.#notStarted(startFault.cause);
    }
    this.#grow();
  }

  #nextFor(worker: PoolWorker): Work | undefined {
    if (this.#isClosed) return undefined;
    if (worker.isFresh) return takeFirst(this.#waitingForFresh) ?? takeFirst(this.#waiting);
    // If there is no room for a fresh worker, this one makes room.
    return this.#needsRoom ? undefined : takeFirst(this.#waiting);
  }

  get #needsRoom(): boolean {
    return this.#waitingForFresh.size > this.#starting && this.#workers.size >= this.#size;
  }

  #makeRoomForFresh(): void {
    if (this.#needsRoom) this.#idle[0]?.end();
  }

  #grow(): void {
    if (this.#isClosed) return;
    while (this.#waiting.size + this.#waitingForFresh.size > this.#starting && this.#workers.size < this.#size) {
      if (this.#growAgain && this.#workers.size > 0) return;
      try {
        this.#workers.add(new PoolWorker(this));
        this.#starting += 1;
      } catch (cause) {
        this.#notStarted(cause);
      }
    }
    this.#makeRoomForFresh();
  }

  /** Continues with the existing workers, or fails the waiting work. */
  #notStarted(cause: unknown): void {
    if (this.#isClosed) return;
    const { clock, logger, noun } = this.making;
    const { size } = this.#workers;
    logger.error({ err: cause, [noun === 'thread' ? 'threads' : 'processes']: size }, `a worker ${noun} could not be started`);
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
      const worker = this.#idle.pop();
      worker?.wake();
      if (worker) worker.take(one);
      else this.#waiting.set(one.key, one);
    }
  }

  #endIdle(): void {
    this.#sweep = undefined;
    const { clock } = this.making;
    const nowMs = clock.now();
    let nextMs = IDLE_MS;
    for (const worker of [...this.#idle]) {
      const leftMs = worker.idleSinceMs + IDLE_MS - nowMs;
      if (leftMs <= 0) worker.end();
      else nextMs = Math.min(nextMs, leftMs);
    }
    if (this.#idle.length > 0) this.#sweep = clock.after(nextMs, () => this.#endIdle());
  }
}

/** Removes the work that has waited longest. */
function takeFirst(waiting: PassingMap<number, Work>): Work | undefined {
  return waiting.size === 0 ? undefined : waiting.take(waiting.keys().next().value!);
}
