import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Listening, ListenOptions } from '../transport.js';
import { LongFrames } from './long-frames.js';
import { acceptedSocket } from './node-sockets.js';
import { UnprovedConnections } from './unproved.js';
import type { WebSocketOptions } from './websocket-options.js';
import { COMMON, loadWs, WebSocketSocket } from './websocket-socket.js';

/** How long a connection may take to open, ms. */
const HANDSHAKE_TIMEOUT_MS = 3000;
const MAX_UNPROVED = 256;
const NOTHING = Buffer.alloc(0);

/** Splits `host:port`; an empty host means this machine. Throws `TypeError` for anything else. */
function parseAddress(address: string): { host: string; port: number } {
  const { host, port } = /^\[?(?<host>[^\]]*)\]?:(?<port>\d{1,5})$/.exec(address)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) throw new TypeError(`Cannot listen at "${address}": it must be host:port`);
  return { host: host || '127.0.0.1', port: Number(port) };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Returns a host that others can dial. For a node that listens everywhere it is an address of this machine other than its loopback. */
function dialledAs(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, scopeid }) => !internal && !scopeid);
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? (host === '::' ? '::1' : '127.0.0.1');
}

const whoIs = (socket: NetSocket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/**
 * After the upgrade Node's own deadlines no longer apply: a socket that is only ended lives as long as the other end likes. So it is
 * destroyed.
 */
function refuse(wire: NetSocket, answer: string): void {
  wire.end(`HTTP/1.1 ${answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => wire.destroy());
}

/**
 * Listens for WebSockets, and limits strangers. The request's head and TLS have a deadline. Requests with an `Origin` (browsers send one;
 * nodes do not), and requests for anything but a WebSocket, are refused and closed at once. Connections that have not proved themselves are
 * counted: beyond a limit the oldest is closed.
 */
export function listenForWebSockets(
  options: WebSocketOptions,
  address: string,
  { accept, isProtected, turnedAway = () => {} }: ListenOptions,
): Promise<Listening> {
  const { tls, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, maxUnproved = MAX_UNPROVED } = options;
  return new Promise((resolve, reject) => {
    const { host, port } = parseAddress(address);
    if (!isLoopback(host) && !isProtected) {
      throw new TypeError(
        `Cannot listen at "${address}": whoever reaches it could run functions here; give a cookie, or listen at 127.0.0.1`,
      );
    }
    const limits = {
      headersTimeout: handshakeTimeoutMs,
      requestTimeout: handshakeTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, handshakeTimeoutMs),
    };
    const server = tls
      ? createSecureServer({ ...tls, ...limits, minVersion: 'TLSv1.3', rejectUnauthorized: true, handshakeTimeout: handshakeTimeoutMs })
      : createServer(limits);
    const upgrades = new (loadWs().WebSocketServer)({ ...COMMON, noServer: true, clientTracking: false });
    const unproved = new UnprovedConnections(maxUnproved, (from) => turnedAway('crowd', from));

    server.on('connection', (wire: NetSocket) => {
      const { remoteAddress } = wire;
      // The connection is closed already.
      if (remoteAddress === undefined) return wire.on('error', () => {}).destroy();
      return unproved.add(whoIs(wire), remoteAddress, wire);
    });
    server.on('tlsClientError', (_error, wire) => wire.destroy());
    server.on('clientError', (_error, wire) => wire.destroy());
    server.on('request', (_request, response) => response.writeHead(426, { Connection: 'close' }).end());
    server.on('upgrade', (request, asked: NetSocket, head) => {
      asked.on('error', () => asked.destroy());
      const who = whoIs(request.socket);
      const from = request.socket.remoteAddress;
      if (from === undefined) return asked.destroy();
      if (request.headers.origin !== undefined) {
        turnedAway('browser', from);
        return refuse(asked, '403 Forbidden');
      }
      const frames = new LongFrames(true);
      const wire = acceptedSocket(asked, frames);
      if (wire !== asked) unproved.add(who, from, wire);
      upgrades.handleUpgrade(request, wire, NOTHING, (ws) => {
        const socket = new WebSocketSocket(ws, frames, () => unproved.forget(who));
        accept(socket);
        socket.opened(wire);
        frames.read(head);
      });
    });
    // Stays as long as it listens: if no descriptor is left for a connection, the server fails again and again.
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (server.listening) return turnedAway('fault', error.code ?? error.message);
      const what = error.message.replace(/^listen \w+: /, '').replace(new RegExp(` ${host.replaceAll('.', '\\.')}:${port}$`), '');
      error.message = `Cannot listen at "${address}": ${what}${error.code === undefined ? '' : ` (${error.code})`}`;
      return reject(error);
    });
    server.listen(port, host, () => {
      const dialled = dialledAs(host);
      const { port: picked } = server.address() as AddressInfo;
      resolve({
        url: `${tls ? 'wss' : 'ws'}://${dialled.includes(':') ? `[${dialled}]` : dialled}:${picked}`,
        close: async () => {
          server.close();
          unproved.destroy();
        },
      });
    });
  });
}
