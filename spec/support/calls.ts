import { fileURLToPath } from 'node:url';
import { IsolationCaller } from '../../lib/conformance/isolation-caller.js';
import type { IsolationFactory, IsolationOptions } from '../../lib/executor/index.js';
import { spyLogger } from './spy-logger.js';

/** The folder of the modules that isolations are tried with. */
export const moduleRoot = fileURLToPath(new URL('../executor/modules/', import.meta.url));

/** Calls an isolation as an executor does: functions of `spec/executor/modules/tasks.ts`. */
export class Caller extends IsolationCaller {
  readonly logger;

  constructor(make: IsolationFactory, options: Partial<IsolationOptions> = {}) {
    const logger = spyLogger();
    super(make, { root: moduleRoot, logger, ...options });
    this.logger = logger;
  }

  override begin(name: string, inputs?: Parameters<IsolationCaller['begin']>[1], shape?: Parameters<IsolationCaller['begin']>[2]) {
    return super.begin(name, inputs, { module: './tasks.ts', ...shape });
  }
}
