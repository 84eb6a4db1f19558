import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AdmissionRules, admitRequest, type Rejection } from './admission.js';
import type { DashboardRoute } from './dashboard-route.js';
import type { DashboardSetup } from './dashboard-setup.js';
import type { DashboardSource } from './dashboard-source.js';
import { EventStream } from './event-stream.js';
import { type FailedAnswer, failedAnswer } from './failed-answer.js';
import type { PageFile, PageFiles } from './page-files.js';
import { type FeedQuestion, SharedFeeds } from './shared-feeds.js';
import { viewRequestIn } from './view-request.js';

/** What the answers of a server are made of. */
interface AnsweringSetup extends Pick<DashboardSetup, 'source' | 'metrics' | 'isDraining' | 'logger' | 'clock'> {
  readonly rules: AdmissionRules;
  readonly files: PageFiles;
}

/** At most so many readers of events. */
const MOST_STREAMS = 32;
/** A POST says nothing but `{}`. */
const LARGEST_BODY_BYTES = 1024;
/** The cluster is asked of every member, ms. */
const CLUSTER_PAUSE_MS = 500;
const A_YEAR_S = 31_536_000;

/** With every answer. No script, style or picture of another origin, nothing inline, no frame around it, and no word to other origins. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; worker-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const JSON_TYPE = 'application/json; charset=utf-8';

/** What becomes of the requests to a dashboard. */
export class Answering {
  readonly #setup: AnsweringSetup;
  readonly #feeds: SharedFeeds;
  #streams = 0;

  constructor(setup: AnsweringSetup) {
    this.#setup = setup;
    this.#feeds = new SharedFeeds(setup.clock, (error) => this.#logBug(error));
  }

  /** Ends every stream. */
  close(): void {
    this.#feeds.close({ status: 503, code: 'HANDOFF_STOPPED', message: 'The node that shows this has stopped', isBug: false });
  }

  /** Writes the response to one request, whatever it is. Never throws. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => response.destroy());
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const { method = '', url = '', headers, rawHeaders } = request;
    const admission = admitRequest(
      {
        method,
        target: url,
        hosts: rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host'),
        origin: headers.origin,
        authorization: headers.authorization,
        contentType: headers['content-type'],
        fetchSite: headers['sec-fetch-site'] as string | undefined,
      },
      this.#setup.rules,
    );
    if (admission.type === 'refused') return this.#refuse(response, admission);
    this.#go(admission.route, request, response).catch((error: unknown) => this.#fail(response, error));
  }

  async #go(route: DashboardRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { isDraining, metrics, files } = this.#setup;
    const source = this.#setup.source!;
    const accepted = String(request.headers['accept-encoding'] ?? '');
    switch (route.to) {
      case 'health':
        response.writeHead(isDraining() ? 503 : 200, { 'Content-Length': 0, 'Cache-Control': 'no-store' }).end();
        return;
      case 'metrics': {
        const { type, text } = await metrics!(request.headers.accept ?? '');
        return end(response, 200, type, text);
      }
      case 'page': {
        const page = await files.index(accepted);
        if (page) return sendFile(request, response, page, 'no-cache');
        return end(response, 503, 'text/plain; charset=utf-8', 'The page of the dashboard was not built: npm run build\n');
      }
      case 'asset': {
        const file = await files.asset(route.name, accepted);
        if (file) return sendFile(request, response, file, `public, max-age=${A_YEAR_S}, immutable`);
        return endFault(response, 404, 'NOT_FOUND', 'There is no such file');
      }
      case 'cluster':
      case 'runs':
      case 'view':
        return end(response, 200, JSON_TYPE, await this.#feeds.answer(questionOf(route, source)));
      case 'cancel':
        await emptyBody(request);
        await source.cancel(route.runId);
        return end(response, 202, JSON_TYPE, '{}');
      case 'stream':
      case 'run-stream':
        return this.#stream(questionOf(route, source), request, response);
    }
  }

  #stream(question: FeedQuestion, request: IncomingMessage, response: ServerResponse): void {
    if (this.#streams >= MOST_STREAMS) {
      response.setHeader('Retry-After', 5);
      return endFault(response, 503, 'TOO_MANY_STREAMS', `At most ${MOST_STREAMS} streams are open at once`);
    }
    const begin = (): void => {
      response.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
      });
    };
    if (request.method === 'HEAD') {
      begin();
      response.end();
      return;
    }
    this.#streams += 1;
    const refuse = ({ status, code, message }: FailedAnswer): void => endFault(response, status, code, message);
    const stream = new EventStream(response, this.#setup.clock, begin, refuse);
    const leave = this.#feeds.watch(question, stream);
    response.on('close', () => {
      this.#streams -= 1;
      leave();
    });
  }

  #refuse(response: ServerResponse, { status, message, allow }: Rejection): void {
    if (allow !== undefined) response.setHeader('Allow', allow);
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="handoff"');
    // Whatever body is still on its way is not read.
    response.setHeader('Connection', 'close');
    endFault(response, status, CODES[status], message);
  }

  #fail(response: ServerResponse, error: unknown): void {
    const { status, code, message, isBug } =
      error instanceof BodyFault ? { ...error, message: error.message, isBug: false } : failedAnswer(error);
    if (isBug) this.#logBug(error);
    if (response.headersSent) response.destroy();
    else endFault(response, status, code, message);
  }

  #logBug(error: unknown): void {
    this.#setup.logger.error({ error }, 'an answer of the dashboard could not be made');
  }
}

const CODES: Readonly<Record<Rejection['status'], string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** What is asked over and over: by a stream, or by pages that ask once more when a stream has told them that something has changed. */
function questionOf(
  route: Extract<DashboardRoute, { to: 'cluster' | 'runs' | 'view' | 'stream' | 'run-stream' }>,
  source: DashboardSource,
): FeedQuestion {
  if ('runId' in route) {
    const { runId } = route;
    const request = viewRequestIn(route.request);
    return { key: JSON.stringify([runId, request]), ask: () => source.view(runId, request) };
  }
  const of = route.to === 'stream' ? route.of : route.to;
  if (of === 'cluster') return { key: of, ask: () => source.status(), pauseMs: CLUSTER_PAUSE_MS };
  return { key: of, ask: async () => ({ runs: await source.allRuns() }), pauseMs: CLUSTER_PAUSE_MS };
}

function end(response: ServerResponse, status: number, type: string, text: string): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length, 'Cache-Control': 'no-store' }).end(bytes);
}

const endFault = (response: ServerResponse, status: number, code: string, message: string): void =>
  end(response, status, JSON_TYPE, JSON.stringify({ error: { code, message } }));

function sendFile(request: IncomingMessage, response: ServerResponse, { type, etag, encoding, bytes }: PageFile, caching: string): void {
  const headers = { ETag: etag, 'Cache-Control': caching, Vary: 'Accept-Encoding' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const encoded = encoding === undefined ? {} : { 'Content-Encoding': encoding };
  response.writeHead(200, { ...headers, ...encoded, 'Content-Type': type, 'Content-Length': bytes.length }).end(bytes);
}

/** The body of a request is not as it should be. */
class BodyFault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Reads a body that says nothing: `{}`, or nothing at all. */
async function emptyBody(request: IncomingMessage): Promise<void> {
  let text = '';
  try {
    for await (const part of request.setEncoding('utf8') as AsyncIterable<string>) {
      text += part;
      if (text.length > LARGEST_BODY_BYTES) throw new BodyFault(413, 'TOO_LARGE', 'The body is too large: it must be {}');
    }
  } catch (error) {
    // A visitor who sends half a body and goes is no fault of this node.
    throw error instanceof BodyFault ? error : new BodyFault(400, 'BAD_REQUEST', 'The body has not come whole');
  }
  if (!/^\s*(\{\s*\})?\s*$/.test(text)) throw new BodyFault(400, 'BAD_REQUEST', 'The body must be {}');
}
