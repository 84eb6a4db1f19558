import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Socket, Transport } from '../transport.js';
import { hasHostName, hostAddresses } from './host-addresses.js';
import { LongFrames } from './long-frames.js';
import { dialledSocket } from './node-sockets.js';
import type { WebSocketOptions } from './websocket-options.js';
import { COMMON, loadWs, WebSocketSocket } from './websocket-socket.js';

/** The schemes of RFC 6455: without TLS here, with TLS below. */
const PLAIN_SCHEME = 'ws';

/** The scheme of WebSockets over TLS. */
export const SECURE_SCHEME = 'wss';

/** Replaces an invalid URL: nothing listens there. */
const NOWHERE = 'ws://127.0.0.1:0';

/**
 * WebSockets, over TLS if configured. An open dialled connection does not keep its process alive, a listening one does.
 *
 * Clients mask with zeros. The mask of RFC 6455 protects proxies from scripts in browsers, which cannot connect here, and a random mask
 * costs four fifths of the throughput of 1 MiB frames (measured). Compression is off: 61 kB on the wire could be 60 MiB.
 */
export function webSocketTransport(options: WebSocketOptions = {}): Transport {
  const { node, tls } = options;
  // Encoded by way of bytes, as a lone surrogate could not be encoded.
  const headers = node === undefined ? {} : { 'handoff-node': encodeURIComponent(Buffer.from(node).toString()) };
  const dial = (url: string, frames: LongFrames, at: string | undefined): WebSocket =>
    new (loadWs().WebSocket)(url, {
      ...COMMON,
      headers,
      ...(tls && { cert: tls.cert, key: tls.key, ca: tls.ca, minVersion: 'TLSv1.3' as const }),
      generateMask: (mask) => mask.fill(0),
      createConnection: (to: object) => dialledSocket(to, url.startsWith('wss:'), frames, at),
    });
  return {
    schemes: [PLAIN_SCHEME, SECURE_SCHEME],
    // Most nodes of a program that runs alone do not listen: a server of HTTP need not be loaded for them.
    async listen(address, listening) {
      const { listenForWebSockets } = await import('./websocket-listener.js');
      return listenForWebSockets(options, address, listening);
    },
    addressesOf: (url) => (hasHostName(url) ? hostAddresses(url) : undefined),
    dial(url, at): Socket {
      const fault = faultOf(url, tls !== undefined);
      const frames = new LongFrames(false);
      const dialled = dial(fault ? NOWHERE : url, frames, at);
      const socket = new WebSocketSocket(dialled, frames);
      if (fault) socket.fail(new Error(fault));
      let wire: Duplex;
      dialled.once('upgrade', (response) => {
        wire = response.socket.unref();
      });
      dialled.once('open', () => socket.opened(wire));
      return socket;
    },
  };
}

function faultOf(url: string, isSecure: boolean): string | undefined {
  if (!URL.canParse(url)) return `no URL: "${url}"`;
  const { protocol, hash, username } = new URL(url);
  if (protocol !== 'ws:' && protocol !== 'wss:') return `no ws:// or wss:// URL: "${url}"`;
  if (hash || username) return `not only host and port: "${url}"`;
  if (isSecure && protocol !== 'wss:') return `TLS is configured, and "${url}" is without`;
  return undefined;
}
