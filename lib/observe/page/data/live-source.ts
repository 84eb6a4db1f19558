import { after, nowMs } from '../browser-clock.js';
import { ConnectionBook } from './connection-book.js';
import {
  AnswerError,
  type AnswerTo,
  type Connection,
  type DataSource,
  type News,
  type PageFault,
  type PageQuestion,
} from './data-source.js';
import { reconnectDelayMs } from './reconnect-delay.js';
import {
  addressOfAnswer,
  addressOfStream,
  answerFrom,
  isFinalFault,
  NO_CONNECTION,
  readFault,
  requestFrom,
  TOKEN_WANTED,
} from './requests.js';
import { SseText } from './sse-text.js';
import type { TokenStore } from './token.js';

/** How long a stream may be silent before it counts as lost, ms: the server sends a comment every 10 s. */
const SILENT_MS = 25_000;

/** How often a lost driver's run is asked for again, ms: a durable run may go on elsewhere. */
const LOST_DRIVER_MS = 10_000;

/** Has its answers from the dashboard's server, by streams that are read with `fetch`: `EventSource` cannot send a token. */
export class LiveSource implements DataSource {
  readonly mode = 'live';
  readonly #tokens: TokenStore;
  readonly #book = new ConnectionBook();
  readonly #watchers = new Set<(connection: Connection) => void>();
  #connection: Connection = { state: 'connecting' };

  constructor(tokens: TokenStore) {
    this.#tokens = tokens;
    // Nothing is followed while the page asks for a token: it begins anew with the next one.
    tokens.onChange(() => this.#connection.state === 'refused' && this.#tell({ state: 'connecting' }));
  }

  follow<Q extends PageQuestion>(question: Q, see: (news: News<Q>) => void): () => void {
    const stream = new FollowedStream(addressOfStream(question), this.#tokens, {
      answer: (json) => see({ type: 'answer', answer: JSON.parse(json) as AnswerTo<Q> }),
      gone: (fault) => see({ type: 'gone', fault }),
      connection: (connection) => this.#connected(stream, connection),
    });
    stream.start();
    return () => {
      stream.stop();
      this.#connected(stream, undefined);
    };
  }

  async ask<Q extends PageQuestion>(question: Q, signal?: AbortSignal): Promise<AnswerTo<Q>> {
    return (await answerFrom(addressOfAnswer(question), this.#tokens.token, signal ? { signal } : {})) as AnswerTo<Q>;
  }

  async cancel(runId: string): Promise<void> {
    const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    await answerFrom(`/api/run/${encodeURIComponent(runId)}/cancel`, this.#tokens.token, init);
  }

  onConnection(see: (connection: Connection) => void): () => void {
    this.#watchers.add(see);
    see(this.#connection);
    return () => {
      this.#watchers.delete(see);
    };
  }

  #connected(stream: object, connection: Connection | undefined): void {
    if (connection) this.#book.set(stream, connection);
    else this.#book.delete(stream);
    const now = this.#book.connection ?? this.#connection;
    if (now !== this.#connection) this.#tell(now);
  }

  #tell(connection: Connection): void {
    this.#connection = connection;
    for (const watcher of this.#watchers) watcher(connection);
  }
}

interface StreamEvents {
  answer(json: string): void;
  gone(fault: PageFault): void;
  /** How it is; `undefined` while it rests. */
  connection(connection: Connection | undefined): void;
}

/** One stream, made again whenever it breaks. It rests while its tab is hidden: a browser opens six connections to a server in all. */
class FollowedStream {
  readonly #path: string;
  readonly #tokens: TokenStore;
  readonly #events: StreamEvents;
  #controller: AbortController | undefined;
  #cancelRetry: (() => void) | undefined;
  #ends: (() => void)[] = [];
  #sentToken: string | undefined;
  #failures = 0;
  #lostSinceMs: number | undefined;
  #isOver = false;

  constructor(path: string, tokens: TokenStore, events: StreamEvents) {
    this.#path = path;
    this.#tokens = tokens;
    this.#events = events;
  }

  start(): void {
    const onVisible = (): void => (document.hidden ? this.#rest() : this.#connectNow());
    const onOnline = (): void => this.#connectNow();
    document.addEventListener('visibilitychange', onVisible);
    window.addEventListener('online', onOnline);
    this.#ends.push(
      () => document.removeEventListener('visibilitychange', onVisible),
      () => window.removeEventListener('online', onOnline),
      this.#tokens.onChange(() => this.#connectAnew()),
    );
    this.#connectNow();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const end of this.#ends) end();
    this.#cancelRetry?.();
    this.#controller?.abort();
  }

  #rest(): void {
    this.#cancelRetry?.();
    this.#controller?.abort();
    this.#controller = undefined;
    this.#events.connection(undefined);
  }

  /** The token has changed: what is under way was sent without it, and would be refused. */
  #connectAnew(): void {
    this.#controller?.abort();
    this.#controller = undefined;
    this.#connectNow();
  }

  #connectNow(): void {
    if (this.#isOver || this.#controller || document.hidden) return;
    this.#cancelRetry?.();
    const controller = new AbortController();
    this.#controller = controller;
    if (this.#lostSinceMs === undefined) this.#events.connection({ state: 'connecting' });
    this.#read(controller).then(
      () => this.#broke(controller, new AnswerError({ code: NO_CONNECTION, message: 'The dashboard has closed the connection' })),
      (error: unknown) => this.#broke(controller, error),
    );
  }

  async #read(controller: AbortController): Promise<void> {
    // A connection that is dead may never say so, neither before the head of the answer nor after it.
    const unlessSilent = <T>(next: Promise<T>): Promise<T> => next.finally(after(SILENT_MS, () => controller.abort()));
    const init = { signal: controller.signal, headers: { accept: 'text/event-stream' } };
    const { token } = this.#tokens;
    this.#sentToken = token;
    const response = await unlessSilent(requestFrom(this.#path, token, init));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const text = new SseText();
    for (;;) {
      const { done, value } = await unlessSilent(reader.read());
      if (controller.signal.aborted || done) return;
      this.#isHeard();
      for (const { event, data } of text.read(value)) {
        if (event === 'data') this.#events.answer(data);
        if (event === 'gone') throw new AnswerError(readFault(data) ?? { code: NO_CONNECTION, message: 'The dashboard ended the stream' });
      }
    }
  }

  #isHeard(): void {
    this.#failures = 0;
    this.#lostSinceMs = undefined;
    this.#events.connection({ state: 'open' });
  }

  #gone(fault: PageFault): void {
    // The dashboard has answered, so it is there, whatever it was before.
    this.#isHeard();
    this.#events.connection(undefined);
    this.#events.gone(fault);
    if (fault.code === 'HANDOFF_NODE_LOST') this.#cancelRetry = after(LOST_DRIVER_MS, () => this.#connectNow());
    else this.stop();
  }

  #broke(controller: AbortController, error: unknown): void {
    if (this.#isOver || controller !== this.#controller) return;
    this.#controller = undefined;
    const { code, message } = error instanceof AnswerError ? error : { code: NO_CONNECTION, message: 'The dashboard cannot be reached' };
    if (code === TOKEN_WANTED) {
      this.#events.connection({ state: 'refused', message });
      return this.#tokens.refused(this.#sentToken);
    }
    if (isFinalFault({ code, message })) return this.#gone({ code, message });
    this.#failures++;
    this.#lostSinceMs ??= nowMs();
    this.#events.connection({ state: 'lost', sinceMs: this.#lostSinceMs, message });
    this.#cancelRetry = after(reconnectDelayMs(this.#failures, Math.random()), () => this.#connectNow());
  }
}
