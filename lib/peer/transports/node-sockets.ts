import { connect, isIP, type OnReadOpts, Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';
import type { LongFrames } from './long-frames.js';

/** Connects, as ws would, to `at` if it is given; `frames` reads what comes before ws does. */
export function dialledSocket(options: object, isSecure: boolean, frames: LongFrames, at?: string): Socket {
  // The path of the request: here it would be that of a local socket.
  const { path: _, ...given } = options as TcpNetConnectOpts & ConnectionOptions;
  const to = at === undefined ? given : { ...given, host: at };
  if (isSecure) return watched(connectSecurely({ ...to, servername: given.servername || (isIP(given.host!) ? '' : given.host!) }), frames);
  return passing(connect({ ...to, onread: into(frames) }), frames);
}

/** The same for one that was accepted, its request read; then another stands for it, and it is over itself. */
export function acceptedSocket(accepted: Socket, frames: LongFrames): Socket {
  const { _handle: handle } = accepted as { _handle?: unknown };
  if (accepted.constructor !== Socket || !handle) return watched(accepted, frames);
  // `net.Server` has no `onread` option, so the handle is moved to a new socket. `_handle` is private to Node.
  (accepted as { _handle?: unknown })._handle = null;
  accepted.destroy();
  return passing(new Socket({ handle, allowHalfOpen: true, onread: into(frames) } as object), frames);
}

/** From the system straight to where the bytes belong. */
const into = (frames: LongFrames): OnReadOpts => ({
  buffer: () => frames.room,
  callback: (bytes, room) => frames.came(bytes, room),
});

function passing(wire: Socket, frames: LongFrames): Socket {
  frames.pass = (bytes) => wire.push(bytes);
  return wire;
}

/** What a stream has read goes through `push`: the way over TLS. */
function watched(wire: Socket, frames: LongFrames): Socket {
  frames.pass = wire.push.bind(wire);
  wire.push = (bytes: Buffer | null) => (bytes ? frames.read(bytes) : frames.pass(null));
  return wire;
}
