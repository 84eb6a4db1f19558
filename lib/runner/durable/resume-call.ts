import { type HandoffError, isError, type RunId, textOf } from '../../base/index.js';
import type { Progress, RunEvent } from '../brain/messages.js';
import { NO_PROGRESS } from '../brain/progress.js';
import { failedEnd, type PreparedRun, type RunEnd, type RunView } from '../runs/open-run.js';

/** One call to resume a run whose DAG is known by its record alone. */
export class ResumeCall implements PreparedRun, RunView {
  readonly #placeholder: RunId;
  readonly #deps: ResumeDeps;
  onEnd: (end: RunEnd) => void = () => {};
  #call: PreparedRun | undefined;
  #end: RunEnd | undefined;
  readonly #known: Promise<void>;
  #tellKnown!: () => void;

  /** `placeholder`: the id that the run has until its record has been read. */
  constructor(placeholder: RunId, deps: ResumeDeps) {
    this.#placeholder = placeholder;
    this.#deps = deps;
    this.#known = new Promise((resolve) => {
      this.#tellKnown = resolve;
    });
  }

  get run(): RunView {
    return this;
  }

  get runId(): RunId {
    return this.#call?.run.runId ?? this.#placeholder;
  }

  get dagId(): string {
    return this.#call?.run.dagId ?? '';
  }

  get progress(): Progress {
    return this.#call?.run.progress ?? NO_PROGRESS;
  }

  readonly events = { iterate: (): AsyncGenerator<RunEvent, void, void> => this.#iterate() };

  /** Reads the record, and begins. */
  begin(): void {
    void this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#end) return;
    try {
      const call = await this.#deps.prepare();
      if (this.#end) return call.cancel?.(undefined);
      this.#call = call;
      this.#deps.known();
      call.onEnd = (end) => this.#over(end);
      this.#tellKnown();
      call.begin?.();
    } catch (error) {
      // Wrong options are a `TypeError`, as for `execute`.
      this.refuse((isError(error) ? error : new Error(textOf(error))) as HandoffError);
    }
  }

  /** Ends the call before the run is known. */
  refuse(error: HandoffError): void {
    this.#over(failedEnd(this, error, this.#deps.wallNow()));
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#known;
    await this.#call?.cancel?.(reason);
  }

  #over(end: RunEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#deps.known();
    this.#tellKnown();
    this.onEnd(end);
  }

  async *#iterate(): AsyncGenerator<RunEvent, void, void> {
    await this.#known;
    if (this.#call) yield* this.#call.run.events.iterate();
    else if (this.#end?.type === 'failed') yield this.#end.event;
  }
}

/** The parts that a call to resume a run needs. */
export interface ResumeDeps {
  /** Reads the DAG of the run, and prepares a call for it. */
  readonly prepare: () => Promise<PreparedRun>;
  /** The run is known now, or never will be. */
  readonly known: () => void;
  readonly wallNow: () => number;
}
