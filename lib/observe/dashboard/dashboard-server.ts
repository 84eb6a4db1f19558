import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { machineTimer } from '../../base/index.js';
import { pageFolder } from '../page-folder.js';
import type { AdmissionRules } from './admission.js';
import { Answering } from './answering.js';
import type { DashboardSetup } from './dashboard-setup.js';
import { PageFiles } from './page-files.js';
import { isEveryAddress, isLoopbackAddress, shownHost, type WebAddress } from './web-address.js';

/** How long a stranger may take for a whole request, and for its head, ms. */
const REQUEST_MS = 10_000;
const HEAD_MS = 5000;
const IDLE_MS = 5000;
const CHECK_MS = 1000;
/** Beyond that many connections further ones are closed. */
const MOST_CONNECTIONS = 256;
const LARGEST_HEAD_BYTES = 16 * 1024;
/** For how long a connection may be still, ms. */
const STALLED_MS = 60_000;
/** How long answers under way may take once the server closes, ms. */
const LAST_ANSWERS_MS = 200;
const TOKEN_BYTES = 24;

/**
 * The server of a dashboard: pages, what they ask for, metrics and health. Nothing that comes in is believed before `admitRequest` has
 * looked at it. It keeps the process alive until it is closed.
 */
export class DashboardServer {
  /** The URL for people: with the token in its fragment, if one was made. */
  readonly url: string;
  readonly #server: Server;
  readonly #answering: Answering;

  private constructor(url: string, server: Server, answering: Answering) {
    this.url = url;
    this.#server = server;
    this.#answering = answering;
  }

  /** Listens. Rejects with the system's error if it cannot, and leaves nothing behind. */
  static async open(setup: DashboardSetup): Promise<DashboardServer> {
    const { option, address, tls, source, metrics, logger } = setup;
    const limits = {
      requestTimeout: REQUEST_MS,
      headersTimeout: HEAD_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: LARGEST_HEAD_BYTES,
      // A missing one is refused with the others that are wrong.
      requireHostHeader: false,
    };
    // Browsers have no certificate of the cluster: the token says who they are.
    const server = tls
      ? createSecureServer({ cert: tls.cert, key: tls.key, ...limits, minVersion: 'TLSv1.2', handshakeTimeout: HEAD_MS })
      : createServer(limits);
    server.maxConnections = MOST_CONNECTIONS;
    // Streams write a comment now and then. A visitor who takes nothing for so long holds a connection that others want.
    server.timeout = setup.stalledMs ?? STALLED_MS;
    server.on('tlsClientError', (_error, wire) => wire.destroy());
    const bound = await listening(server, address, option);
    server.on('error', (error) => logger.error({ error }, `the server of the ${option} has failed`));

    const isHere = isLoopbackAddress(bound.address);
    const made = setup.token === undefined && !isHere ? randomBytes(TOKEN_BYTES).toString('base64url') : undefined;
    const token = setup.token ?? made;
    const isEverywhere = isEveryAddress(bound.address);
    const rules: AdmissionRules = {
      ownHosts: [address.host, bound.address].map((host) => `${host.includes(':') ? `[${host}]` : host}:${bound.port}`.toLowerCase()),
      isEverywhere,
      defaultPort: tls ? 443 : 80,
      isToken: token === undefined ? undefined : equalTo(token),
      hasPages: source !== undefined,
      hasMetrics: metrics !== undefined,
    };
    const answering = new Answering({ ...setup, rules, files: new PageFiles(setup.folder ?? fileURLToPath(pageFolder())) });
    server.on('request', (request, response) => answering.answer(request, response));
    const host = isEverywhere ? bound.address : address.host;
    const base = `${tls ? 'https' : 'http'}://${shownHost(host)}:${bound.port}${source ? '' : '/metrics'}`;
    if (!isHere && !tls) logger.warn({ url: base }, `the ${option} is reached without TLS: whoever is on the way reads it, and its token`);
    return new DashboardServer(made === undefined ? base : `${base}${source ? '/' : ''}#${made}`, server, answering);
  }

  /** Ends every stream with its last word, and every connection soon. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#answering.close();
    machineTimer(LAST_ANSWERS_MS, () => this.#server.closeAllConnections());
    await closed;
  }
}

function listening(server: Server, { host, port }: WebAddress, option: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.message.replace(/^listen \w+: /, '').replace(new RegExp(` \\[?${host.replaceAll('.', '\\.')}\\]?:${port}$`), '');
      error.message = `Cannot serve the ${option} at "${host}:${port}": ${what}${error.code === undefined ? '' : ` (${error.code})`}`;
      reject(error);
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Compares digests, which are of one length, so that the time tells nothing of the token. */
function equalTo(token: string): (given: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const own = digest(token);
  return (given) => timingSafeEqual(digest(given), own);
}
