// Peer: the WIRE between this node and every other: one link each.
// In:  a transport, nodes to dial, an address to listen at, messages and values to send.
// Out: the beginnings and ends of links; messages checked by shape; complete values.

export { countedTransport, type LinkTraffic } from './counted-transport.js';
export { guardedTransport } from './guarded-transport.js';
export { GivenUp, NoRoom } from './links/inbox.js';
export type { PeerIdentity } from './links/link-state.js';
export { QuietLog } from './links/quiet-log.js';
export { Unreadable } from './links/read-ahead.js';
export { startPeerHub } from './peer-hub.js';
export type { DialFault, DownCause, PeerListener } from './peer-listener.js';
export { PeerMesh, type PeerMeshOptions } from './peer-mesh.js';
export { frameText, type MessageSubject, type WrongMessage } from './protocol/codec.js';
export type {
  AttemptName,
  Question,
  QuestionAboutRuns,
  RefusalReason,
  ValueName,
  WireMessage,
  WireMessageOf,
  WireOutcome,
  WirePhases,
  WireStep,
} from './protocol/messages.js';
export { type Inheritance, inheritance, MOST_LINKS, MOST_REMEMBERED, rememberedFile, valueName } from './protocol/messages.js';
export type { Shape } from './protocol/shape.js';
export * as shapes from './protocol/shape.js';
export { LONGEST_NODE_NAME } from './protocol/shape.js';
export { type RequestLimit, Requests } from './requests.js';
export {
  type Closing,
  type Defer,
  type Listening,
  type ListenOptions,
  MAX_FRAME_BYTES,
  MAX_UNPROVED_BYTES,
  nextTurn,
  type Socket,
  type SocketEvents,
  type Transport,
} from './transport.js';
export { defaultTransport, type TransportSetup, transports } from './transports/index.js';
export { type FrameObserver, type LinkConditions, MemoryNetwork } from './transports/memory.js';
export { SECURE_SCHEME, webSocketTransport } from './transports/websocket.js';
export type { WebSocketOptions, WebSocketTls } from './transports/websocket-options.js';
