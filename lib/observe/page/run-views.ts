import type { RunHeader, ViewAnswers, ViewRequest } from '../views/view-types.js';

/** Where a page has its views from: a live driver by way of the dashboard, or a report, which computes them itself. */
export interface RunViews {
  /**
   * Calls `see` with the answer now, and again whenever it changes. The source may call before `watch` returns. `fail` is called when there
   * will be no further answer, with the reason. Returns what ends it: afterwards neither is called.
   */
  watch<R extends ViewRequest>(request: R, see: (answer: ViewAnswers[R['view']]) => void, fail: (reason: ViewFailure) => void): () => void;
}

/** Why there is no further answer. */
export interface ViewFailure {
  /** The code of a `HandoffError`, where there is one. */
  readonly code?: string | undefined;
  readonly message: string;
}

/** What a picture of a run needs: where its views come from, and where its functions have their pages. */
export interface RunPictureProps {
  readonly views: RunViews;
  /** Whether the run may still change: its right edge moves with the time. */
  readonly isLive: boolean;
  readonly hrefOf: (functionId: string) => string;
  readonly openFunction: (functionId: string) => void;
}

/** Whether the run may still change. */
export const isUnderWay = ({ state }: Pick<RunHeader, 'state'>): boolean => state === 'running';
