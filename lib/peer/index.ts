// Peer: the WIRE between this node and every other: one link each.
// In:  a transport, whom to dial or where to listen, messages and values to send.
// Out: who is linked and who no longer is; messages checked by shape, values whole.
export { frameText } from './codec.js';
export { NoRoom } from './inbox.js';
export type { PeerIdentity } from './link-state.js';
export type { Question, RefusalReason, ValueName, WireMessage, WireMessageOf, WireOutcome, WireStep } from './messages.js';
export { type Joined, type PeerHubMessage, startPeerHub } from './peer-hub.js';
export type { DialFault, DownCause, PeerListener } from './peer-listener.js';
export { PeerTable, type PeerTableOptions } from './peer-table.js';
export { QuietLog } from './quiet-log.js';
export { type RequestLimit, Requests } from './requests.js';
export type { Shape } from './shape.js';
export * as shapes from './shape.js';
export { LONGEST_NODE_NAME } from './shape.js';
export { type Defer, type Listening, type ListenOptions, nextTurn, type Socket, type SocketEvents, type Transport } from './transport.js';
export { type TransportSetup, transports } from './transports/index.js';
export { type FrameObserver, type LinkConditions, MemoryNetwork } from './transports/memory.js';
export { webSocketTransport } from './transports/websocket.js';
export type { TlsOptions, WebSocketOptions } from './transports/websocket-options.js';
