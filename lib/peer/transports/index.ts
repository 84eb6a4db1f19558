import type { Clock } from '../../base/index.js';
import type { Defer, Transport } from '../transport.js';
import { MemoryNetwork } from './memory.js';
import { webSocketTransport } from './websocket.js';
import type { WebSocketOptions } from './websocket-options.js';

/** What a variant may need, from the nodes of one program or one test. */
export interface TransportSetup {
  readonly clock: Clock;
  readonly defer?: Defer;
  readonly webSocket?: WebSocketOptions;
}

/** All transports by name. Each makes, for one network, the transports of its nodes. A new one is one file and one line here. */
export const transports = {
  memory: (setup: TransportSetup) => {
    const network = new MemoryNetwork(setup);
    return (node) => network.transport(node);
  },
  websocket: ({ webSocket }: TransportSetup) => {
    return (node) => webSocketTransport({ ...webSocket, node });
  },
} satisfies Record<string, (setup: TransportSetup) => (node: string) => Transport>;

/** The transport of a node without the option `transport`. */
export const defaultTransport = transports.websocket;
