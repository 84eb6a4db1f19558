import type { Logger } from '../../base/index.js';

/** Reports bugs to the actor that represents the code they are in. The parts of a node are made before its actors, and report here. */
export class CrashReports {
  readonly #logger: Logger;
  #tell: (boundary: CrashBoundary, error: unknown) => boolean = () => false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Connects the actors. `tell` returns false if the actor has just ended: then the bug is only logged. */
  bind(tell: (boundary: CrashBoundary, error: unknown) => boolean): void {
    this.#tell = tell;
  }

  report(boundary: CrashBoundary, error: unknown): void {
    if (!this.#tell(boundary, error)) this.#logger.error({ err: error, actor: boundary }, 'a bug, while no actor stands for the code');
  }
}

/** The actors that represent code outside of actors. */
export type CrashBoundary = 'PeerHub' | 'Executor';
