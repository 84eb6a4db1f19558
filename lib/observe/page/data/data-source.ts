import type { RunSummary } from '../../../runner/index.js';
import type { ViewAnswers, ViewRequest } from '../../views/view-types.js';
import type { ClusterAnswer } from './cluster-types.js';

/** What a page may ask: about the cluster, its runs, or one run. */
export type PageQuestion = { readonly of: 'cluster' } | { readonly of: 'runs' } | RunQuestion;

/** A view of one run. */
export interface RunQuestion<R extends ViewRequest = ViewRequest> {
  readonly of: 'run';
  readonly runId: string;
  readonly request: R;
}

/** The answer to a question. */
export type AnswerTo<Q extends PageQuestion> = Q extends { readonly of: 'cluster' }
  ? ClusterAnswer
  : Q extends { readonly of: 'runs' }
    ? { readonly runs: readonly RunSummary[] }
    : Q extends RunQuestion<infer R>
      ? ViewAnswers[R['view']]
      : never;

/** Why there is no answer, or no further one: the code of a `HandoffError`, or one of the page's own. */
export interface PageFault {
  readonly code: string;
  readonly message: string;
}

/** What comes of following a question. */
export type News<Q extends PageQuestion> =
  | { readonly type: 'answer'; readonly answer: AnswerTo<Q> }
  /** Nothing more will come: there is no such run, or its driver is gone. */
  | { readonly type: 'gone'; readonly fault: PageFault };

/** How the page's connection is. `refused`: the server wants a token, or another one. */
export type Connection =
  | { readonly state: 'connecting' | 'open' | 'embedded' }
  | { readonly state: 'lost'; readonly sinceMs: number; readonly message: string }
  | { readonly state: 'refused'; readonly message: string };

/** Where pages get what they show. Two variants: the dashboard's server, and the run that is embedded in a report. */
export interface DataSource {
  readonly mode: 'live' | 'report';
  /** Calls `see` with each answer until the returned function is called. A lost connection is made again; the next answer tells all. */
  follow<Q extends PageQuestion>(question: Q, see: (news: News<Q>) => void): () => void;
  /** One answer. Rejects with an `AnswerError`. */
  ask<Q extends PageQuestion>(question: Q, signal?: AbortSignal): Promise<AnswerTo<Q>>;
  /** Asks for a run to be cancelled. Rejects with an `AnswerError`. */
  cancel(runId: string): Promise<void>;
  /** How the connection is, now and whenever it changes. Returns what ends this. */
  onConnection(see: (connection: Connection) => void): () => void;
}

/** There is no answer. */
export class AnswerError extends Error {
  readonly code: string;

  constructor({ code, message }: PageFault) {
    super(message);
    this.name = 'AnswerError';
    this.code = code;
  }
}
