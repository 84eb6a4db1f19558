import { Worker } from 'node:worker_threads';
import { loadingOptions } from '../code/loading-options.js';
import { workerEnvironment } from '../code/typescript-loader.js';
import type { BuiltInOptions, BuiltInRunner, IsolationFactory } from '../isolation.js';
import { PooledIsolation } from './pooled.js';
import { type MakeWorker, threadHost } from './thread-host.js';
import { WORKER_ENTRY } from './worker-host.js';

/** `threadIsolation`, with what only built-in isolations can do. */
export const threadPool = (options: BuiltInOptions): BuiltInRunner =>
  isolationOfThreads(options, (given) => {
    const env = workerEnvironment(options.root);
    // It would be applied to the entry, which is a file.
    const isEvaluated = process.execArgv.some((option) => option.startsWith('--input-type'));
    return new Worker(WORKER_ENTRY, {
      ...given,
      ...(env && { env }),
      ...(isEvaluated && { execArgv: loadingOptions(process.execArgv) }),
    });
  });

/**
 * Worker threads. A function cannot block the node's loop; if it does not end by itself, it is ended with its thread. A thread runs one
 * call at a time. It is used again unless its code ended it, left an error that nothing caught, or had to be stopped. Values cross as
 * bytes, large ones in memory that threads share, and stay packed here.
 */
export const threadIsolation: IsolationFactory = threadPool;

/** The same, where a spec says how a thread is made. */
export function isolationOfThreads(options: BuiltInOptions, makeWorker: MakeWorker): BuiltInRunner {
  const { root, node, freeze, threadHeapMiB, threadSetup } = options;
  return new PooledIsolation('thread', options, {
    makeHost: threadHost(makeWorker, { root, node, freeze, threadSetup }, threadHeapMiB),
    endsWithGroup: false,
  });
}
