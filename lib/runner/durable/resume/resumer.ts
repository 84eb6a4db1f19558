import { type Clock, type HandoffError, keepAlive, type Logger, type Timer } from '../../../base/index.js';
import type { Journal, RecordedRun } from '../../../journal/index.js';
import type { RunEnd } from '../../runs/open-run.js';
import { lookDelayMs, retryDelayMs } from './resumer-delays.js';

/** How many runs that it went on with by itself a node drives at once. The others wait, or go on elsewhere. */
const MOST_RUNS = 64;

/**
 * Goes on with interrupted runs by itself: at the start and, where nodes share the journal, whenever a lease may have run out. Asks the
 * journal only for runs that have not ended. After an error of the journal it tries again, with a backoff. No error leaves it.
 */
export class Resumer {
  readonly #deps: ResumerDeps;
  /** The runs that it drives, by id. */
  readonly #driven = new Set<string>();
  /** The runs that stay for others: their epoch by id. */
  #staying = new Map<string, number>();
  #timer: Timer | undefined;
  #isLooking = false;
  #isStopped = false;
  /** Whether a look ended before all that is interrupted was taken. */
  #hasMore = false;
  /** How many failures of the journal came in a row. */
  #failures = 0;

  constructor(deps: ResumerDeps) {
    this.#deps = deps;
  }

  /** Begins with a first look. A program that does nothing else lives until its runs have ended. */
  start(): void {
    const alive = keepAlive();
    void this.#look().finally(() => alive.cancel());
  }

  /** From now on nothing more is resumed. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    if (this.#isStopped || this.#isLooking) return;
    this.#isLooking = true;
    this.#timer?.cancel();
    const { journal, leaseMs, drives, random, logger } = this.#deps;
    let delayMs: number | undefined;
    try {
      const runs = await journal.findRuns({ state: ['running', 'interrupted'] });
      await this.#resumeAll(runs.filter(({ state, isDamaged }) => state === 'interrupted' && !isDamaged));
      this.#failures = 0;
      const leaseLeftMs = runs.reduce(
        (least, run) => (run.state === 'running' && !drives(run.key) ? Math.min(least, run.leaseLeftMs) : least),
        Infinity,
      );
      delayMs = lookDelayMs(leaseMs, leaseLeftMs, random());
    } catch (error) {
      this.#failures += 1;
      delayMs = retryDelayMs(this.#failures, random());
      // One warning, however long the journal is away.
      const level = this.#failures === 1 ? 'warn' : 'debug';
      if (!this.#isStopped) logger[level]({ err: error, delayMs }, 'cannot resume interrupted runs: it is tried again');
    } finally {
      this.#isLooking = false;
    }
    if (delayMs !== undefined) this.#lookIn(delayMs);
  }

  #lookIn(delayMs: number): void {
    if (this.#isStopped || this.#isLooking) return;
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(delayMs, () => void this.#look());
  }

  /** In an order of its own, so that nodes that look at the same time share the runs. */
  async #resumeAll(interrupted: readonly RecordedRun[]): Promise<void> {
    const staying = new Map<string, number>();
    for (const { runId, epoch } of interrupted) if (this.#staying.get(runId) === epoch) staying.set(runId, epoch);
    this.#staying = staying;
    const left = interrupted.filter(({ runId }) => !staying.has(runId) && !this.#driven.has(runId));
    this.#hasMore = false;
    while (left.length > 0 && !this.#isStopped) {
      if (this.#driven.size >= MOST_RUNS) {
        this.#hasMore = true;
        return;
      }
      const [recorded] = left.splice(Math.floor(this.#deps.random() * left.length), 1);
      await this.#resume(recorded!);
    }
  }

  async #resume(recorded: RecordedRun): Promise<void> {
    const { key, runId, epoch } = recorded;
    const { logger } = this.#deps;
    this.#driven.add(runId);
    const answer = await this.#deps
      .resume(recorded, (end) => this.#ended(recorded, end))
      .catch((error: unknown) => {
        this.#driven.delete(runId);
        throw error;
      });
    if (answer.type === 'begun') return logger.info({ key, runId }, 'goes on with an interrupted run by itself');
    this.#driven.delete(runId);
    if (answer.type === 'gone' || this.#isStopped) return;
    this.#staying.set(runId, epoch);
    logger.warn({ key, runId, ...answer.fields }, `does not go on with an interrupted run: ${answer.why}`);
  }

  #ended({ key, runId, dagId }: RecordedRun, end: RunEnd): void {
    this.#driven.delete(runId);
    const { logger, random } = this.#deps;
    const fields = { key, runId, dagId };
    const isInterrupted = end.type === 'failed' && leavesInterrupted(end.error);
    if (!this.#isStopped) logEnd(logger, fields, end, isInterrupted);
    if (isInterrupted) {
      this.#failures += 1;
      this.#lookIn(retryDelayMs(this.#failures, random()));
    } else if (this.#hasMore) this.#lookIn(0);
  }
}

/** Nobody waits for the run. */
function logEnd(logger: Logger, fields: object, end: RunEnd, isInterrupted: boolean): void {
  const what = 'a run that was resumed by itself';
  if (end.type === 'completed') return logger.info(fields, `${what} has completed`);
  const { code } = end.error;
  if (code === 'HANDOFF_RUN_CANCELLED') return logger.info(fields, `${what} was cancelled`);
  if (code === 'HANDOFF_RUN_TAKEN_OVER') return logger.warn(fields, `${what} was taken over by another node`);
  if (isInterrupted) return logger.warn({ ...fields, err: end.error }, `${what} was interrupted, and will be resumed again`);
  logger.error({ ...fields, err: end.error }, `${what} has failed`);
}

/** Whether a run that ended so is still to be resumed. */
const leavesInterrupted = ({ code }: HandoffError): boolean => code === 'HANDOFF_STORAGE_FAILED' || code === 'HANDOFF_RUN_ABORTED';

/** The result of an attempt to resume: the run goes on here; it is no longer as it was found; or it stays as it is, for others. */
export type ResumeAnswer =
  | { readonly type: 'begun' }
  | { readonly type: 'gone' }
  | { readonly type: 'stays'; readonly why: string; readonly fields: object };

/** The parts of a node that resuming needs. */
export interface ResumerDeps {
  readonly journal: Journal;
  /** Whether this node drives the run of a key. */
  readonly drives: (key: string) => boolean;
  /** `Infinity` where only this node uses the journal: then it looks once. */
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Goes on with a run. Resolves when it does, or will not; rejects with the error of the journal. `onEnd` is called only for `begun`. */
  readonly resume: (recorded: RecordedRun, onEnd: (end: RunEnd) => void) => Promise<ResumeAnswer>;
}
