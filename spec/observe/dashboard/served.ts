import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request as requestOf } from 'node:http';
import { request as secureRequestOf } from 'node:https';
import { connect, type Socket } from 'node:net';
import { HandoffError } from '../../../lib/index.js';
import { type DashboardServer, type DashboardSetup, type DashboardSource, openDashboard } from '../../../lib/observe/index.js';
import { spyLogger } from '../../support/spy-logger.js';
import { type TestClock, testClock } from '../../support/test-clock.js';

/** A source that says what a spec sets, and counts how often it is asked. */
export class FakeSource implements DashboardSource {
  cluster: object = { nodes: [], runs: [], waiting: [], moreWaiting: 0 };
  runs: readonly object[] = [];
  /** The answers by run; a function is called. */
  readonly views = new Map<string, object | (() => Promise<object>)>();
  readonly cancelled: string[] = [];
  asked = 0;

  async status(): Promise<object> {
    this.asked += 1;
    return this.cluster;
  }

  async allRuns(): Promise<readonly object[]> {
    this.asked += 1;
    return this.runs;
  }

  async view(runId: string): Promise<object> {
    this.asked += 1;
    const view = this.views.get(runId);
    if (view === undefined) throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot find run "${runId}"`, { runId });
    return typeof view === 'function' ? (view as () => Promise<object>)() : view;
  }

  async cancel(runId: string): Promise<void> {
    if (!this.views.has(runId)) throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot find run "${runId}"`, { runId });
    this.cancelled.push(runId);
  }
}

/** A server with a source of the spec's own, whose time stands still. */
export interface Served {
  readonly server: DashboardServer;
  readonly source: FakeSource;
  readonly clock: TestClock;
  readonly logger: ReturnType<typeof spyLogger>;
  readonly port: number;
}

export async function served(setup: Partial<DashboardSetup> = {}): Promise<Served> {
  const source = new FakeSource();
  const clock = testClock();
  const logger = spyLogger();
  const server = await openDashboard({
    option: 'dashboard',
    address: { host: '127.0.0.1', port: 0 },
    token: undefined,
    tls: undefined,
    source,
    metrics: async (accept) => ({ type: 'text/plain', text: `# ${accept}\n` }),
    isDraining: () => false,
    logger,
    clock,
    ...setup,
  });
  return { server, source, clock, logger, port: Number(new URL(server.url).port) };
}

/** An answer with its whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends one request over a connection of its own. */
export async function ask(port: number, path: string, options: RequestOptions & { body?: string; ca?: Buffer } = {}): Promise<Answer> {
  const { body, ca, ...rest } = options;
  const all = { host: '127.0.0.1', port, path, agent: false, ...(ca && { ca }), ...rest };
  const sent = ca ? secureRequestOf(all) : requestOf(all);
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part;
  return { status: answer.statusCode!, headers: answer.headers, text };
}

/** A reader of server-sent events. */
export class Reader {
  readonly answer: IncomingMessage;
  readonly #parts: AsyncIterator<string>;
  #text = '';

  private constructor(answer: IncomingMessage) {
    this.answer = answer;
    this.#parts = answer.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
  }

  static async of(port: number, path: string, headers: RequestOptions['headers'] = {}): Promise<Reader> {
    const sent = requestOf({ host: '127.0.0.1', port, path, agent: false, headers });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return new Reader(answer);
  }

  /** The next event, or comment, whole; `undefined` at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const at = this.#text.indexOf('\n\n');
      if (at >= 0) {
        const event = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + 2);
        return event;
      }
      const { value, done } = await this.#parts.next();
      if (done) return undefined;
      this.#text += value;
    }
  }

  close(): void {
    this.answer.destroy();
  }
}

/** Sends bytes as they are, and returns what comes until the connection closes. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = await rawSocket(port);
  socket.write(text);
  let heard = '';
  for await (const part of socket.setEncoding('latin1')) heard += part;
  return heard;
}

export async function rawSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
