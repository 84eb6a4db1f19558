import type { ViewRequest } from '../../views/view-types.js';
import { after, nowMs } from '../browser-clock.js';
import { AnswerError, type AnswerTo, type DataSource, type PageFault, type RunQuestion } from './data-source.js';
import { isFinalFault } from './requests.js';

/** The shortest time between two requests for the same view, ms: what only grew may rest. */
const PAUSE_MS = 330;
/** A view that takes long is asked for less often: its driver has other things to do. */
const PAUSE_SHARE = 3;

/** The shortest time between two requests for different views, ms. */
const SCROLL_PAUSE_MS = 80;

/** The pause before a question that could not be answered is asked again, ms. */
const RETRY_MS = 1_000;

/** Said of an answer that cannot be drawn. */
export const NOT_UNDERSTOOD = 'This page cannot show what it was answered';

/** Takes the answers of a `ViewFeed`. */
export interface ViewFeedEvents<R extends ViewRequest> {
  answer(answer: AnswerTo<RunQuestion<R>>, request: R): void;
  fault(fault: PageFault): void;
}

/**
 * Asks for a view of a run: at once when the request is another one, and again when the run's version has grown. One request is under way
 * at a time, so a slow driver is asked as often as it answers.
 */
export class ViewFeed<R extends ViewRequest> {
  readonly #source: DataSource;
  readonly #runId: string;
  readonly #events: ViewFeedEvents<R>;
  #request: R | undefined;
  #key: string | undefined;
  #version: number | undefined;
  #asked: number | undefined;
  #askedMs = 0;
  #tookMs = 0;
  #controller: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(source: DataSource, runId: string, events: ViewFeedEvents<R>) {
    this.#source = source;
    this.#runId = runId;
    this.#events = events;
  }

  /** Says what is wanted, and the version of the run that is known. */
  want(request: R, version: number | undefined): void {
    const key = JSON.stringify(request);
    this.#version = version;
    if (key === this.#key) return this.#askAgain();
    // A person who types or scrolls is answered at once, but not for each frame.
    const restMs = this.#key === undefined ? 0 : this.#askedMs + SCROLL_PAUSE_MS - nowMs();
    this.stop();
    this.#key = key;
    this.#request = request;
    if (restMs > 0) this.#later(restMs);
    else this.#ask();
  }

  /** Ends what is under way. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#controller?.abort();
    this.#controller = undefined;
    this.#key = undefined;
  }

  #askAgain(): void {
    if (this.#controller || this.#cancelTimer || this.#asked === this.#version) return;
    this.#later(Math.max(0, this.#askedMs + Math.max(PAUSE_MS, PAUSE_SHARE * this.#tookMs) - nowMs()));
  }

  #later(delayMs: number): void {
    this.#cancelTimer = after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#ask();
    });
  }

  #ask(): void {
    const controller = new AbortController();
    this.#controller = controller;
    this.#asked = this.#version;
    this.#askedMs = nowMs();
    const request = this.#request!;
    this.#source.ask<RunQuestion<R>>({ of: 'run', runId: this.#runId, request }, controller.signal).then(
      (answer) => {
        if (controller !== this.#controller) return;
        this.#controller = undefined;
        this.#tookMs = nowMs() - this.#askedMs;
        try {
          this.#events.answer(answer, request);
        } catch (error) {
          // A driver of another version may answer what cannot be drawn.
          this.#events.fault({ code: 'PAGE', message: `${NOT_UNDERSTOOD}: ${error instanceof Error ? error.message : error}` });
        }
        this.#askAgain();
      },
      (error: unknown) => {
        if (controller !== this.#controller) return;
        this.#controller = undefined;
        const fault =
          error instanceof AnswerError ? { code: error.code, message: error.message } : { code: 'PAGE', message: String(error) };
        // The stream of the run tells people that the connection is lost; here the question stays.
        if (error instanceof AnswerError && !isFinalFault(fault)) this.#later(RETRY_MS);
        else this.#events.fault(fault);
      },
    );
  }
}
