import { checkedNumber, type Logger, peerAddress, schemeOf, systemClock } from '../../base/index.js';
import { defaultTransport, guardedTransport, SECURE_SCHEME, type Transport } from '../../peer/index.js';

/** The checked options of a node that concern other nodes. */
export interface NetworkOptions {
  readonly listen: string | undefined;
  readonly advertise: string | undefined;
  readonly join: readonly string[];
  readonly joinTimeoutMs: number;
  readonly cookie: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly transport: Transport;
  readonly heartbeat: { readonly intervalMs?: number; readonly timeoutMs?: number };
}

const SHORTEST_COOKIE = 16;

/** What `checkedNetwork` needs beside the options. */
export interface NetworkSetup {
  /** The name of the node. */
  readonly name: string;
  /** Where faults of the user's own transport are logged. */
  readonly logger: Logger;
  /** Replaces the default transport, for the testing kit. */
  readonly transport?: Transport | undefined;
}

/** Throws `TypeError` or `RangeError` naming the wrong option. */
export function checkedNetwork(options: Readonly<Record<string, unknown>>, setup: NetworkSetup): NetworkOptions {
  const { listen, advertise, join = [], cookie, heartbeat = {} } = options;
  const tls = checkedTls(options.tls);
  const transport = checkedTransport(options.transport, tls, setup);
  if (listen !== undefined && (typeof listen !== 'string' || !/^.*:\d{1,5}$/.test(listen))) {
    throw new TypeError(`listen must be host:port, not ${JSON.stringify(listen)}`);
  }
  checkAdvertise(advertise, listen, transport);
  if (!Array.isArray(join)) throw new TypeError('join must be a list of URLs');
  for (const url of join as readonly unknown[]) checkJoin(url, transport, tls);
  if (cookie !== undefined && (typeof cookie !== 'string' || cookie.length < SHORTEST_COOKIE)) {
    throw new TypeError(`cookie must be a string of at least ${SHORTEST_COOKIE} characters: a shorter one can be guessed`);
  }
  return {
    listen,
    advertise: advertise as string | undefined,
    join: [...new Set(join as readonly string[])],
    joinTimeoutMs: checkedNumber('joinTimeoutMs', options.joinTimeoutMs, { or: 10_000 }),
    cookie,
    tls,
    transport,
    heartbeat: checkedHeartbeat(heartbeat),
  };
}

/** Returns the user's own transport, guarded; else that of `setup`; else the default one. */
function checkedTransport(given: unknown, tls: TlsOptions | undefined, { name, logger, transport }: NetworkSetup): Transport {
  if (given === undefined) return transport ?? defaultTransport({ clock: systemClock, ...(tls && { webSocket: { tls } }) })(name);
  if (tls !== undefined) throw new TypeError('tls is for WebSockets: a transport of your own sees to its own protection');
  return guardedTransport(given, logger);
}

function checkJoin(url: unknown, { schemes }: Transport, tls: TlsOptions | undefined): void {
  const shown = JSON.stringify(url);
  if (typeof url !== 'string' || !hasScheme(url, schemes))
    throw new TypeError(`join must be a list of ${listed(schemes)} URLs: ${shown} is not one`);
  // No node can be reached at such a URL, however long it is tried.
  if (!URL.canParse(url)) throw new TypeError(`join must be a list of URLs as ${schemes[0]}://host:port: ${shown} is not one`);
  const { hash, username, password } = new URL(url);
  if (hash || username || password) throw new TypeError(`join must be a list of URLs without user, password and #, not ${shown}`);
  if (tls !== undefined && schemeOf(url) !== SECURE_SCHEME) throw new TypeError(`tls needs ${SECURE_SCHEME}:// URLs in join, not ${shown}`);
}

/** Whether a URL has one of the schemes, and something after it. */
const hasScheme = (url: string, schemes: readonly string[]): boolean =>
  schemes.some((scheme) => url.startsWith(`${scheme}://`) && url.length > scheme.length + 3);

const listed = (schemes: readonly string[]): string => schemes.map((scheme) => `${scheme}://`).join(' or ');

function checkAdvertise(advertise: unknown, listen: string | undefined, { schemes }: Transport): void {
  if (advertise === undefined) return;
  if (typeof advertise !== 'string' || !URL.canParse(advertise) || !hasScheme(advertise, schemes)) {
    throw new TypeError(`advertise must be a ${listed(schemes)} URL, not ${JSON.stringify(advertise)}`);
  }
  // Other nodes accept only such addresses.
  if (!isPlainAddress(advertise)) {
    throw new TypeError(
      `advertise must be a scheme, a host and a port only, as ${schemes[0]}://host:port, not ${JSON.stringify(advertise)}`,
    );
  }
  if (listen === undefined) throw new TypeError('advertise needs listen: it is the URL of a node that listens');
}

/** Whether a URL consists of scheme, host and port only. */
function isPlainAddress(url: string): boolean {
  if (peerAddress(url) === undefined) return false;
  const { pathname, search, hash, username, password } = new URL(url);
  return ['', '/'].includes(pathname) && !search && !hash && !username && !password;
}

function checkedTls(tls: unknown): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  const isText = (value: unknown): boolean => typeof value === 'string' || Buffer.isBuffer(value);
  if (typeof tls !== 'object' || tls === null) throw new TypeError('tls must be an object of cert, key, ca and requestCert');
  refuseUnknown('tls', tls, ['cert', 'key', 'ca', 'requestCert']);
  const { cert, key, ca, requestCert } = tls as Record<string, unknown>;
  if (!isText(cert) || !isText(key)) throw new TypeError('tls must have cert and key, in PEM');
  if (ca !== undefined && !isText(ca)) throw new TypeError('tls.ca must be in PEM');
  if (requestCert !== undefined && typeof requestCert !== 'boolean') throw new TypeError('tls.requestCert must be true or false');
  return tls as TlsOptions;
}

function checkedHeartbeat(heartbeat: unknown): NetworkOptions['heartbeat'] {
  if (typeof heartbeat !== 'object' || heartbeat === null) throw new TypeError('heartbeat must be an object of intervalMs and timeoutMs');
  refuseUnknown('heartbeat', heartbeat, ['intervalMs', 'timeoutMs']);
  const { intervalMs, timeoutMs } = heartbeat as Record<string, unknown>;
  const checked: { intervalMs?: number; timeoutMs?: number } = {};
  if (intervalMs !== undefined) checked.intervalMs = checkedNumber('heartbeat.intervalMs', intervalMs, { or: 500, least: 1 });
  if (timeoutMs !== undefined) checked.timeoutMs = checkedNumber('heartbeat.timeoutMs', timeoutMs, { or: 5000, least: 2 });
  return checked;
}

/** Refuses a misspelt field of an option, as a misspelt option is refused. */
function refuseUnknown(option: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown !== undefined) throw new TypeError(`unknown field "${unknown}" of ${option}: it has ${known.join(', ')}`);
}

/** The certificates of a node, in PEM. See Node's `tls.createSecureContext`. */
export interface TlsOptions {
  /** The certificate that this node shows, with its chain. */
  cert: string | Buffer;
  /** The private key of the certificate. */
  key: string | Buffer;
  /** Trusted certificate authorities, besides the system's own list. */
  ca?: string | Buffer;
  /**
   * Whether diallers must show a certificate that `ca` has signed.
   * @default false
   */
  requestCert?: boolean;
}
