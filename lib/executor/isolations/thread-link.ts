import { parentPort, workerData } from 'node:worker_threads';
import type { FromWorker, ThreadData, ToWorker, WorkerLink } from './worker-messages.js';

/** A thread's end of the way to its pool. Takes the set-up out of where code of users could find it. */
export function threadLink(): WorkerLink {
  const data = workerData as ThreadData;
  const { port, ...setUp } = data.setUp!;
  delete data.setUp;
  /** Bound before code of users can change what it is. */
  const post = port.postMessage.bind(port);
  return {
    ...setUp,
    sharesMemory: true,
    tell: (message: FromWorker) => post(message),
    listen(heard) {
      // Nobody listens there: what modules and agents send on it goes nowhere.
      parentPort?.close();
      port.on('message', (message: ToWorker) => heard(message));
    },
  };
}
