import type { SecureContextOptions } from 'node:tls';

/** TLS, and who is trusted. All in PEM. */
export interface WebSocketTls extends Pick<SecureContextOptions, 'cert' | 'key' | 'ca'> {
  /** Whether those who dial must show a certificate signed by `ca` too (mutual TLS). Default false. */
  readonly requestCert?: boolean;
}

/** What can be set about a WebSocket transport. */
export interface WebSocketOptions {
  /**
   * The name of the node, told to whoever is dialled in the header `handoff-node`, percent-encoded: for proxies and their logs. Nobody
   * believes it; the greeting proves who it is.
   */
  readonly node?: string;
  /** With it, only `wss://` is spoken, TLS 1.3 at least. Default: none. */
  readonly tls?: WebSocketTls;
  /** How long a connection that is accepted may take to open, ms; one that is dialled has the deadline of the greeting. Default 3000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * How many connections may be open that have not proved themselves; half as many from one address. Of more the oldest go. Default 256.
   */
  readonly maxUnproved?: number;
}
