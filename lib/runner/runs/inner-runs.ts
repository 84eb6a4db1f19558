import { type Clock, HandoffError, safeThrown } from '../../base/index.js';
import { type Caller, currentCaller, type InnerRun } from '../../executor/index.js';
import type { OpenRun, PreparedRun, RunParent } from './open-run.js';

/** So long after the time that its attempts get, a run is no longer waited for, ms: a thread in a system call takes a second. */
const GIVE_UP_MS = 1000;

/** A run that a function has started. */
export interface LinkedRun {
  /** Whether it was ended because its function, or the function's run, had ended. */
  readonly isEnded: boolean;
  /** It is over. */
  over(): void;
}

/**
 * The runs that functions of this node have started. Such a run does not outlive the attempt of its function, unless that succeeds; nor the
 * run of its function, unless that completes.
 */
export class InnerRuns {
  readonly #deps: InnerRunsDeps;
  /** By the id of the outer run. */
  readonly #byOuter = new Map<string, Set<InnerRun>>();

  constructor(deps: InnerRunsDeps) {
    this.#deps = deps;
  }

  /** Throws `HANDOFF_RUN_CANCELLED` if the calling code is that of an attempt that is being stopped or has failed. */
  refuse(dagIdOf: () => string): void {
    const caller = currentCaller();
    if (caller?.refusal) throw endedWith(caller, { dagId: dagIdOf() }, caller.refusal.cause);
  }

  /** Links a run to the function that calls; `undefined` outside of functions. */
  link(prepared: PreparedRun): LinkedRun | undefined {
    const caller = currentCaller();
    if (!caller) return undefined;
    const { runId, functionId } = caller.context;
    prepared.parent = { runId, functionId };
    const run = new Link(prepared, caller, this.#deps);
    const unlink = caller.link(run);
    const siblings = this.#deps.get(runId) && this.#siblings(runId);
    siblings?.add(run);
    run.unlink = () => {
      unlink();
      if (siblings?.delete(run) && siblings.size === 0 && this.#byOuter.get(runId) === siblings) this.#byOuter.delete(runId);
    };
    return run;
  }

  /** A run of this node has ended with an error: so do those that its functions have left. */
  endOf(runId: string, error: HandoffError, graceMs: number): void {
    for (const run of this.#byOuter.get(runId) ?? []) void run.end(error, graceMs);
  }

  /** Whether code of a function is code of that run, or of a run that it has started. */
  isWithin(parent: RunParent | undefined, runId: string): boolean {
    for (let at = parent; at; at = this.#deps.get(at.runId)?.parent) if (at.runId === runId) return true;
    return false;
  }

  #siblings(runId: string): Set<InnerRun> {
    const known = this.#byOuter.get(runId) ?? new Set();
    this.#byOuter.set(runId, known);
    return known;
  }
}

/** A run and the function that has started it. */
class Link implements InnerRun, LinkedRun {
  readonly #prepared: PreparedRun;
  readonly #caller: Caller;
  readonly #deps: InnerRunsDeps;
  #ending: Promise<void> | undefined;
  #tellOver: () => void = () => {};
  unlink: () => void = () => {};

  constructor(prepared: PreparedRun, caller: Caller, deps: InnerRunsDeps) {
    this.#prepared = prepared;
    this.#caller = caller;
    this.#deps = deps;
  }

  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  over(): void {
    this.unlink();
    this.#tellOver();
  }

  end(cause: unknown, graceMs: number): Promise<void> {
    const isFirst = !this.#ending;
    this.#ending ??= new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    const error = endedWith(this.#caller, this.#prepared.run, cause);
    const leftMs = this.#deps.end(this.#prepared, error, graceMs);
    if (isFirst) {
      const timer = this.#deps.clock.after(leftMs + GIVE_UP_MS, this.#tellOver);
      void this.#ending.then(() => timer.cancel());
    }
    return this.#ending;
  }
}

function endedWith({ context }: Caller, { runId, dagId }: { runId?: string; dagId: string }, cause: unknown): HandoffError {
  const who = `function "${context.functionId}" of DAG "${context.dagId}"`;
  const message = `Run of DAG "${dagId}" was cancelled: ${who}, which started it, has ended`;
  return new HandoffError('HANDOFF_RUN_CANCELLED', message, { dagId, runId, cause: safeThrown(cause) });
}

/** The parts of `Runs` that the links need. */
export interface InnerRunsDeps {
  readonly clock: Clock;
  get(runId: string): OpenRun | undefined;
  /** Ends a run. Returns how long its attempts have to end, ms. */
  end(prepared: PreparedRun, error: HandoffError, graceMs: number): number;
}
