import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import type { ViewRequest } from '../../views/view-types.js';
import { nowMs } from '../browser-clock.js';
import type { AnswerTo, Connection, DataSource, PageFault, PageQuestion, RunQuestion } from './data-source.js';
import { ViewFeed } from './view-feed.js';

/** The source of the page. */
export const SourceContext = createContext<DataSource>(undefined as unknown as DataSource);

/** The source of the page. */
export const useSource = (): DataSource => useContext(SourceContext);

/** What is known of an answer. Without answer and fault it is on its way. */
export interface Known<A> {
  readonly answer?: A | undefined;
  /** Why no further answer will come. The last answer stays. */
  readonly fault?: PageFault | undefined;
  /** When the answer came, by `nowMs`. */
  readonly atMs: number;
}

const NOTHING = { atMs: 0 };

/** Follows a question as long as the component is there. Another question begins anew. */
export function useFollowed<Q extends PageQuestion>(question: Q): Known<AnswerTo<Q>> {
  const source = useSource();
  const key = JSON.stringify(question);
  const [known, setKnown] = useState<Known<AnswerTo<Q>> & { readonly key?: string }>(NOTHING);
  useEffect(
    () =>
      source.follow(question, (news) => {
        if (news.type === 'answer') setKnown({ key, answer: news.answer, atMs: nowMs() });
        else setKnown((before) => ({ ...(before.key === key ? before : NOTHING), key, fault: news.fault }));
      }),
    [source, key],
  );
  return known.key === key ? known : NOTHING;
}

/** What is known of a view, and the request that was answered so: it may be an earlier one. */
export interface KnownView<R extends ViewRequest> extends Known<AnswerTo<RunQuestion<R>>> {
  readonly request?: R | undefined;
}

/**
 * Asks for a view of a run now, and again when `version` has grown. While another request is under way, the answer to the one before stays,
 * so that nothing jumps.
 */
export function useAsked<R extends ViewRequest>(runId: string, request: R, version: number | undefined): KnownView<R> {
  const source = useSource();
  const [known, setKnown] = useState<KnownView<R>>(NOTHING);
  const feed = useMemo(
    () =>
      new ViewFeed<R>(source, runId, {
        answer: (answer, answered) => setKnown({ answer, request: answered, atMs: nowMs() }),
        fault: (fault) => setKnown((before) => ({ ...before, fault })),
      }),
    [source, runId],
  );
  useEffect(() => () => feed.stop(), [feed]);
  const key = JSON.stringify(request);
  useEffect(() => feed.want(request, version), [feed, key, version]);
  return known;
}

/** How the page is connected. */
export function useConnection(): Connection {
  const source = useSource();
  const [connection, setConnection] = useState<Connection>({ state: 'connecting' });
  useEffect(() => source.onConnection(setConnection), [source]);
  return connection;
}
