import { connect, isIP, type OnReadOpts, Socket, type TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { LongFrames } from './long-frames.js';

/** Connects as ws would, to `at` if it is given. `frames` reads the bytes before ws. */
export function dialledSocket(options: object, isSecure: boolean, frames: LongFrames, at?: string): Socket {
  // `path` is the path of the request; here it would mean a local socket.
  const { path: _, ...given } = options as TcpNetConnectOpts & ConnectionOptions;
  const to = at === undefined ? given : { ...given, host: at };
  if (isSecure)
    return watched(
      process.getBuiltinModule('node:tls').connect({ ...to, servername: given.servername || (isIP(given.host!) ? '' : given.host!) }),
      frames,
    );
  return passing(connect({ ...to, onread: into(frames) }), frames);
}

/** The same for an accepted socket, whose request has been read. A new socket replaces it, and it is finished. */
export function acceptedSocket(accepted: Socket, frames: LongFrames): Socket {
  const { _handle: handle } = accepted as { _handle?: unknown };
  if (accepted.constructor !== Socket || !handle) return watched(accepted, frames);
  // `net.Server` has no `onread` option, so the handle is moved to a new socket. `_handle` is private to Node.
  (accepted as { _handle?: unknown })._handle = null;
  accepted.destroy();
  return passing(new Socket({ handle, allowHalfOpen: true, onread: into(frames) } as object), frames);
}

/** Reads from the system straight into the memory where the bytes belong. */
const into = (frames: LongFrames): OnReadOpts => ({
  buffer: () => frames.room,
  callback: (bytes, room) => frames.came(bytes, room),
});

function passing(wire: Socket, frames: LongFrames): Socket {
  frames.pass = (bytes) => wire.push(bytes);
  return wire;
}

/** Passes what a stream has read through `push`: the way over TLS. */
function watched(wire: Socket, frames: LongFrames): Socket {
  frames.pass = wire.push.bind(wire);
  wire.push = (bytes: Buffer | null) => (bytes ? frames.read(bytes) : frames.pass(null));
  return wire;
}
