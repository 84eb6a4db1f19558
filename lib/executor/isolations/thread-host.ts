import { MessageChannel, receiveMessageOnPort, type Worker, type WorkerOptions } from 'node:worker_threads';
import { NextCalls } from './next-calls.js';
import type { MakeHost } from './worker-host.js';
import type { ThreadData, WorkerSetUp } from './worker-messages.js';

/**
 * A worker thread with a heap of `heapMiB`. It is reached by a port of its own that user code does not see. Making it throws what `new
 * Worker` throws.
 */
export const threadHost =
  (makeWorker: MakeWorker, setUp: WorkerSetUp, heapMiB: number): MakeHost =>
  (events) => {
    const { port1: port, port2 } = new MessageChannel();
    const next = new NextCalls();
    const workerData: ThreadData = { setUp: { ...setUp, port: port2, next: next.words } };
    let worker: Worker;
    try {
      worker = makeWorker({ workerData, transferList: [port2], resourceLimits: { maxOldGenerationSizeMb: heapMiB } });
    } catch (error) {
      port.close();
      throw error;
    }
    worker.on('error', (thrown: unknown) => events.failed(thrown));
    worker.on('exit', (exitCode) => events.exited(exitCode));
    // Agents and modules may send on the thread's public port; such messages are dropped.
    worker.on('message', () => events.dropped());
    worker.unref();
    port.on('message', (data: unknown) => events.heard(data));
    port.on('close', () => events.closed());
    return {
      id: worker.threadId,
      next,
      send: (message) => port.postMessage(message),
      ref: () => port.ref(),
      unref: () => port.unref(),
      end: () => void worker.terminate(),
      drain() {
        for (let last = receiveMessageOnPort(port); last; last = receiveMessageOnPort(port)) events.heard(last.message);
        port.close();
      },
    };
  };

/** Calls `new Worker` on the entry of the workers. */
export type MakeWorker = (options: WorkerOptions) => Worker;
