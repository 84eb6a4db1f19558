import { parentPort, workerData } from 'node:worker_threads';
import { beginCall } from './next-calls.js';
import type { ThreadData, ToWorker, WorkerLink } from './worker-messages.js';

/** A thread's end of the channel to its pool. Removes the set-up from where user code could find it. */
export function threadLink(): WorkerLink {
  const data = workerData as ThreadData;
  const { port, next, ...setUp } = data.setUp!;
  delete data.setUp;
  /** Bound before user code can change it. */
  const post = port.postMessage.bind(port);
  return {
    ...setUp,
    sharesMemory: true,
    mayBegin: (place, key) => beginCall(next, place, key),
    tell: (message) => post(message),
    listen(heard) {
      // The public port has no listener, so what modules and agents send on it is lost.
      parentPort?.close();
      port.on('message', (message: ToWorker) => heard(message));
    },
  };
}
