// The floor of the Task Bench: two bare worker threads or more, fed by messages from a list of what is ready. No engine.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { spin } from './metg-tasks.mjs';

if (!isMainThread) parentPort?.on('message', ({ index, us }) => parentPort?.postMessage({ index, result: spin(us) }));

/** Threads that have up to `ahead` messages each. */
export class BareThreads {
  #ahead;
  /** @type {Worker[]} */
  #workers;

  /**
   * @param {number} threads
   * @param {number} ahead
   */
  constructor(threads, ahead) {
    this.#ahead = ahead;
    this.#workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)));
  }

  /** Resolves when all of them run. */
  async ready() {
    await Promise.all(this.#workers.map((worker) => once(worker, 'online')));
  }

  /**
   * Runs functions of `us` each. `producers`: by function, those that must be over before.
   * @param {readonly (readonly number[])[]} producers
   * @param {number} us
   * @returns {Promise<void>}
   */
  run(producers, us) {
    const missing = Uint32Array.from(producers, ({ length }) => length);
    /** @type {number[][]} */
    const consumers = producers.map(() => []);
    for (const [index, before] of producers.entries()) for (const producer of before) consumers[producer].push(index);
    const ready = [...missing.keys()].filter((index) => missing[index] === 0);
    let next = 0;
    let left = producers.length;
    return new Promise((resolve) => {
      const feed = (/** @type {Worker} */ worker) => {
        if (next === ready.length) return false;
        worker.postMessage({ index: ready[next], us });
        next += 1;
        return true;
      };
      const free = new Map(this.#workers.map((worker) => [worker, this.#ahead]));
      const feedAll = () => {
        for (let isFed = true; isFed; ) {
          isFed = false;
          for (const [worker, room] of free) {
            if (room === 0 || !feed(worker)) continue;
            free.set(worker, room - 1);
            isFed = true;
          }
        }
      };
      for (const worker of this.#workers) {
        worker.removeAllListeners('message');
        worker.on('message', ({ index }) => {
          for (const consumer of consumers[index]) {
            missing[consumer] -= 1;
            if (missing[consumer] === 0) ready.push(consumer);
          }
          free.set(worker, free.get(worker) + 1);
          left -= 1;
          if (left === 0) resolve(undefined);
          else feedAll();
        });
      }
      feedAll();
    });
  }

  async close() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
