import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { WebSocketServer } from 'ws';
import type { Listening, ListenOptions } from '../transport.js';
import { LongFrames } from './long-frames.js';
import type { WebSocketOptions } from './websocket-options.js';
import { COMMON, WebSocketSocket } from './websocket-socket.js';
import { acceptedWire } from './wire.js';

/** How long a connection may take to open, ms. */
export const HANDSHAKE_TIMEOUT_MS = 3000;
const MAX_UNPROVED = 256;
const NOTHING = Buffer.alloc(0);

/** Splits `host:port`; an empty host is this machine. `TypeError` for anything else. */
function parseAddress(address: string): { host: string; port: number } {
  const { host, port } = /^\[?(?<host>[^\]]*)\]?:(?<port>\d{1,5})$/.exec(address)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) throw new TypeError(`Cannot listen at "${address}": it must be host:port`);
  return { host: host || '127.0.0.1', port: Number(port) };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** A host that others can dial: for one who listens everywhere, an address of this machine that is not its loopback. */
function dialledAs(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, scopeid }) => !internal && !scopeid);
  return (outside.find(({ family }) => family === 'IPv4') ?? outside[0])?.address ?? (host === '::' ? '::1' : '127.0.0.1');
}

const whoIs = (socket: NetSocket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/**
 * Listens for WebSockets. Nobody gets far unasked: the request's head and TLS have a deadline, requests with an `Origin` (browsers; nodes
 * send none) and requests for anything but a WebSocket are refused, and those who have not proved themselves are counted and cut off
 * beyond a number.
 */
export function listenForWebSockets(
  options: WebSocketOptions,
  address: string,
  { accept, isProtected }: ListenOptions,
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
    const upgrades = new WebSocketServer({ ...COMMON, noServer: true, clientTracking: false });
    const unproved = new Map<string, NetSocket>();

    const watch = (who: string, wire: NetSocket): void => {
      wire.on('error', () => wire.destroy());
      unproved.set(who, wire);
      wire.on('close', () => {
        if (unproved.get(who) === wire) unproved.delete(who);
      });
    };
    server.on('connection', (wire: NetSocket) => {
      const who = whoIs(wire);
      let alike = 0;
      for (const other of unproved.values()) if (other.remoteAddress === wire.remoteAddress) alike += 1;
      if (unproved.size >= maxUnproved || alike >= Math.ceil(maxUnproved / 2)) return wire.on('error', () => {}).destroy();
      return watch(who, wire);
    });
    server.on('tlsClientError', (_error, wire) => wire.destroy());
    server.on('clientError', (_error, wire) => wire.destroy());
    server.on('request', (_request, response) => response.writeHead(426, { Connection: 'close' }).end());
    server.on('upgrade', (request, asked: NetSocket, head) => {
      asked.on('error', () => asked.destroy());
      if (request.headers.origin !== undefined) {
        asked.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
        return;
      }
      const who = whoIs(request.socket);
      const frames = new LongFrames(true);
      const wire = acceptedWire(asked, frames);
      if (wire !== asked) watch(who, wire);
      upgrades.handleUpgrade(request, wire, NOTHING, (ws) => {
        const socket = new WebSocketSocket(ws, frames, () => unproved.delete(who));
        accept(socket);
        socket.opened(wire);
        frames.read(head);
      });
    });
    server.once('error', reject);
    server.listen(port, host, () => {
      const dialled = dialledAs(host);
      const { port: picked } = server.address() as AddressInfo;
      resolve({
        url: `${tls ? 'wss' : 'ws'}://${dialled.includes(':') ? `[${dialled}]` : dialled}:${picked}`,
        close: async () => {
          server.close();
          for (const wire of unproved.values()) wire.destroy();
        },
      });
    });
  });
}
