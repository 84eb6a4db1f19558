import { Worker } from 'node:worker_threads';
import { threadEnvironment } from '../code/typescript-loader.js';
import type { IsolationOptions, IsolationRunner } from '../isolation.js';
import { PooledIsolation } from './pooled.js';
import { type MakeWorker, threadHost } from './thread-host.js';
import { WORKER_ENTRY } from './worker-host.js';

/**
 * Worker threads: a function cannot block the node's loop, and is ended with its thread when it does not end by itself. A thread runs one
 * call at a time; it lives on for the next one, unless its code ended it, left an error behind that nobody caught, or had to be stopped.
 * Values cross as bytes, large ones in memory that threads share, and stay packed here. `makeWorker`: for specs, how a thread is made.
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
