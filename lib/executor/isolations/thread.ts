import { Worker } from 'node:worker_threads';
import { threadEnvironment } from '../code/typescript-loader.js';
import type { IsolationOptions, IsolationRunner } from '../isolation.js';
import { PooledIsolation } from './pooled.js';
import { type MakeWorker, threadHost } from './thread-host.js';
import { WORKER_ENTRY } from './worker-host.js';

/**
 * Worker threads. A function cannot block the node's loop; if it does not end by itself, it is ended with its thread. A thread runs one
 * call at a time. It is used again unless its code ended it, left an error that nothing caught, or had to be stopped. Values cross as
 * bytes, large ones in memory that threads share, and stay packed here. `makeWorker` is for specs.
 */
export function threadIsolation(options: IsolationOptions, makeWorker?: MakeWorker): IsolationRunner {
  const { root, node, freeze, threadHeapMiB } = options;
  const make: MakeWorker = (given) => {
    const env = threadEnvironment(root);
    return new Worker(WORKER_ENTRY, env ? { ...given, env } : given);
  };
  return new PooledIsolation('thread', options, {
    makeHost: threadHost(makeWorker ?? make, { root, node, freeze }, threadHeapMiB),
    endsWithGroup: false,
  });
}
