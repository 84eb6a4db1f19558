import type { SecureContextOptions } from 'node:tls';

/** The options of a WebSocket transport. */
export interface WebSocketOptions {
  /**
   * The name of the node, sent to the dialled side in the header `handoff-node`, percent-encoded, for proxies and their logs. It is not
   * trusted; the greeting proves the identity.
   */
  readonly node?: string;
  /** With it only `wss://` is spoken, with TLS 1.3 or later. The default is no TLS. */
  readonly tls?: WebSocketTls;
  /**
   * How long an accepted connection may take to open, ms. A dialled one has the deadline of the greeting.
   * @default 3000
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * How many unproved connections may be open; half as many from one address. Beyond that the oldest is closed.
   * @default 256
   */
  readonly maxUnproved?: number;
}

/** TLS material and trusted certificates, all in PEM. */
export interface WebSocketTls extends Pick<SecureContextOptions, 'cert' | 'key' | 'ca'> {
  /**
   * Whether diallers must also show a certificate signed by `ca` (mutual TLS).
   * @default false
   */
  readonly requestCert?: boolean;
}
