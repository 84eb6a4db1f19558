import { workerEnvironment } from '../code/typescript-loader.js';
import { withoutSecrets } from '../code/without-secrets.js';
import type { BuiltInOptions, BuiltInRunner, IsolationFactory } from '../isolation.js';
import { KillGuard } from './kill-guard.js';
import { PooledIsolation } from './pooled.js';
import { processHost } from './process-host.js';

/**
 * Child processes. Native crashes, V8's fatal out-of-memory, `process.abort()` and blocking system calls end the attempt and nothing else.
 * A stopped call takes its whole process group with it, including what the function started. Values cross as bytes, over a pipe.
 */
export const processIsolation: IsolationFactory = processPool;

/** The same, with what only built-in isolations can do. */
export function processPool(options: BuiltInOptions): BuiltInRunner {
  const { root, node, freeze, threadHeapMiB, threadSetup, logger } = options;
  const guard = new KillGuard(logger);
  const environment = (): NodeJS.ProcessEnv => withoutSecrets(workerEnvironment(root) ?? process.env);
  const pooled = new PooledIsolation('process', options, {
    makeHost: processHost({ setUp: { root, node, freeze, threadSetup }, heapMiB: threadHeapMiB, environment, guard }),
    endsWithGroup: true,
  });
  return {
    slots: pooled.slots,
    readsFiles: pooled.readsFiles,
    start: (call, settle) => pooled.start(call, settle),
    async close() {
      const blocked = await pooled.close();
      void guard.close();
      return blocked;
    },
  };
}
