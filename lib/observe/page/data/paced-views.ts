import type { ViewAnswers, ViewRequest } from '../../views/view-types.js';
import type { RunViews, ViewFailure } from '../run-views.js';
import type { DataSource } from './data-source.js';
import { ViewFeed } from './view-feed.js';

/**
 * The views of one run for its timeline and its graph: asked for when the version of the run has grown, which its page learns from the one
 * stream that it holds. So a page needs one connection, whatever it shows.
 */
export class PacedViews implements RunViews {
  readonly #source: DataSource;
  readonly #runId: string;
  readonly #grown = new Set<() => void>();
  #version: number | undefined;

  constructor(source: DataSource, runId: string) {
    this.#source = source;
    this.#runId = runId;
  }

  watch<R extends ViewRequest>(request: R, see: (answer: ViewAnswers[R['view']]) => void, fail: (reason: ViewFailure) => void): () => void {
    const feed = new ViewFeed<R>(this.#source, this.#runId, { answer: see, fault: fail });
    const want = (): void => feed.want(request, this.#version);
    this.#grown.add(want);
    want();
    return () => {
      this.#grown.delete(want);
      feed.stop();
    };
  }

  /** The run has changed. */
  setVersion(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    for (const want of this.#grown) want();
  }
}
