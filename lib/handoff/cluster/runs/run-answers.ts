import { type Clock, onAbort } from '../../../base/index.js';
import type { QuestionAboutRuns } from '../../../peer/index.js';
import { EventCursor, EventLog, type Runs } from '../../../runner/index.js';
import { EventServer, POLL_MS } from './event-server.js';
import { OpenAnswers } from './open-answers.js';
import { receivedView } from './received-view.js';
import { mergedRuns, packRuns } from './run-list.js';
import { type AboutRun, type RunQuestions, unknownRun } from './run-questions.js';

/** How long a driver may take to look at a run, ms. */
export const VIEW_MS = 5000;

/** How long a driver may take to answer a reader of events: it answers with nothing after a while, ms. */
export const EVENTS_MS = POLL_MS + 5000;

/** Serves the questions of other nodes about runs: of this node, or of its links if the asking node wants that. */
export class RunAnswers {
  readonly #deps: RunAnswersDeps;
  readonly #events: EventServer;
  readonly #open = new OpenAnswers();

  constructor(deps: RunAnswersDeps) {
    this.#deps = deps;
    this.#events = new EventServer(deps.clock, deps.isBusy);
  }

  /** How many questions are not answered yet. */
  get size(): number {
    return this.#open.size;
  }

  /** Serves a question: `reply` gets the answer, `fail` the error. */
  answer(from: string, id: number, question: QuestionAboutRuns, reply: (value: unknown) => void, fail: (error: unknown) => void): void {
    const open = this.#open.open(from, id);
    const { signal } = open;
    const answered = (value: unknown): void => {
      if (this.#open.close(from, id, open)) reply(value);
    };
    const failed = (error: unknown): void => {
      if (this.#open.close(from, id, open)) fail(error);
    };
    try {
      if (question.kind === 'list-runs') this.#list(from, question, signal).then(answered, failed);
      else if (question.kind === 'watch-run') this.#watch(from, question, signal, answered, failed);
      else this.#look(from, question, signal).then(answered, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The asking node no longer wants an answer. */
  withdraw(from: string, id: number): void {
    this.#open.withdraw(from, id);
  }

  /** A node is gone, and wants no answers. */
  gone(name: string): void {
    this.#open.gone(name);
  }

  /** Serves all that wait for events: this node is about to stop. */
  close(): void {
    this.#events.close();
  }

  async #list(from: string, { all, runId }: Extract<QuestionAboutRuns, { kind: 'list-runs' }>, signal: AbortSignal): Promise<unknown> {
    const own = this.#deps.runs.visible.summaries().filter((run) => runId === null || run.runId === runId);
    return packRuns(all ? mergedRuns([own, await this.#deps.questions.list(runId, 'links', signal, from)]) : own);
  }

  async #look(
    from: string,
    question: Exclude<QuestionAboutRuns, { kind: 'list-runs' | 'watch-run' }>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { runId } = question;
    if (question.kind === 'show-run') {
      const view = this.#deps.view(runId, question.request);
      if (view !== undefined) return view;
    } else if (this.#deps.runs.visible.knows(runId)) {
      void this.#deps.runs.cancel(runId, question.reason);
      return null;
    }
    return this.#passOn(from, question, VIEW_MS, signal);
  }

  #watch(
    from: string,
    question: Extract<QuestionAboutRuns, { kind: 'watch-run' }>,
    signal: AbortSignal,
    answered: (value: unknown) => void,
    failed: (error: unknown) => void,
  ): void {
    const { runId, output, wait, from: stands } = question;
    const log = this.#deps.runs.visible.eventsOf(runId);
    if (log instanceof EventLog) {
      const position = stands ? { log: stands[0], event: stands[1], line: stands[2] } : undefined;
      const reader = { log, cursor: new EventCursor(log, output, position), mayWait: wait };
      const stop = this.#events.serve(from, reader, (batch) => {
        forget();
        answered(batch);
      });
      const forget = onAbort(signal, stop);
    } else if (log) {
      void log.then((known) => {
        if (!signal.aborted) this.#watch(from, { ...question, runId: known }, signal, answered, failed);
      });
    } else this.#passOn(from, question, EVENTS_MS, signal).then(answered, failed);
  }

  /** Asks the driver, if it has a link with this node and that is wanted. */
  async #passOn(from: string, { all, ...question }: QuestionAboutRuns, withinMs: number, signal: AbortSignal): Promise<unknown> {
    const about = question as AboutRun;
    if (!all) throw unknownRun(about.runId);
    const { driver, answer } = await this.#deps.questions.ask<unknown>(about, 'links', { withinMs, signal, except: from });
    // The asking node must not take this node for the one that sends nonsense.
    return question.kind === 'show-run' ? receivedView(driver, answer) : answer;
  }
}

/** The parts of a node that answering about runs needs. */
export interface RunAnswersDeps {
  readonly clock: Clock;
  readonly runs: Runs;
  readonly questions: RunQuestions;
  /** Looks at a run of this node: `request` is JSON. Returns `undefined` if it is unknown. */
  readonly view: (runId: string, request: string) => Promise<unknown> | undefined;
  /** Whether other data waits for a node. */
  readonly isBusy: (name: string) => boolean;
}
