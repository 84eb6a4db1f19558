import { HandoffError, textOf } from '../../base/index.js';
import { loadFunction } from '../code/code.js';
import { importCompiled } from '../code/typescript-loader.js';
import { type CheckReport, type CheckRequest, UNSETTLED } from './messages.js';

/**
 * Loads the modules that the other process requests, and reports what is missing. Ends with that process. Errors that modules leave behind
 * are ignored here.
 */
export function serve(): void {
  for (const stray of ['uncaughtException', 'unhandledRejection'] as const) process.on(stray, () => {});
  process.once('message', (request) => {
    // A module may await something that can never happen. The process then ends, and does not wait.
    process.channel?.unref();
    process.once('beforeExit', () => process.exit(UNSETTLED));
    void check(request as CheckRequest);
  });
  process.once('disconnect', () => process.exit());
}

async function check({ place, modules }: CheckRequest): Promise<void> {
  for (const [at, { module, names }] of modules.entries()) {
    tell({ type: 'loading', at });
    for (const name of names) {
      try {
        await loadFunction({ module, name }, place, (url) => importCompiled(url, place.root));
      } catch (error) {
        tell({ type: 'missing', at, name, reason: (HandoffError.is(error) ? error.reason : undefined) ?? textOf(error) });
      }
    }
    tell({ type: 'done', at });
  }
}

function tell(report: CheckReport): void {
  process.send?.(report);
}
