/** The way that frames take from one process to another. A new one is one file in `transports/` and one line in the map there. */
export interface Transport {
  /** The schemes of its URLs, without the colon, as in `['ws', 'wss']`. At least one, the most usual first. */
  readonly schemes: readonly string[];
  /**
   * Listens at `host:port`. Port 0 picks one, an empty host means this machine only. Rejects with a `TypeError` for a wrong address, or for
   * one that others can connect to while nothing protects it; with the system's error if the address is in use or not this machine's.
   */
  listen(address: string, options: ListenOptions): Promise<Listening>;
  /**
   * Opens a connection. `at` is the IP address to connect to in place of the URL's host. Never throws: a wrong `url` is reported as
   * `closed`, with `failed`. Closing the socket while it opens gives up.
   */
  dial(url: string, at?: string): Socket;
  /**
   * Returns the addresses behind a URL's host if that is a name, for the second argument of `dial`. Absent or `undefined` if there is only
   * one way.
   */
  addressesOf?(url: string): Promise<readonly string[]> | undefined;
}

/** The most that a peer may send before it has proved itself, bytes. */
export const MAX_UNPROVED_BYTES = 4096;

/** The longest frame, bytes. Longer data goes in chunks. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** Returns the length of a frame or a value that comes in parts, bytes. */
export const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** Calls `action` after the event loop has had a turn. In virtual time the simulation decides when. */
export type Defer = (action: () => void) => void;

/** Like `defer`, but runs everything deferred within one turn together in one turn, in order: fifty links need not take fifty turns. */
export function together(defer: Defer): Defer {
  let actions: (() => void)[] = [];
  const work = (): void => {
    const due = actions;
    actions = [];
    for (const action of due) action();
  };
  return (action) => {
    if (actions.push(action) === 1) defer(work);
  };
}

/** Defers by the machine's own event loop. */
export const nextTurn: Defer = (action) => void setImmediate(action);

/** Why a connection is over, or never opened. */
export interface Closing {
  /**
   * `refused`: no process listens at the address. `failed`: it never opened, for any other reason. `closed`: the other side or the network
   * ended it. `local`: this side ended it.
   */
  readonly reason: 'refused' | 'failed' | 'closed' | 'local';
  /** An explanation for people. */
  readonly text: string;
}

/** The events of a socket. None comes before `attach` has returned, and none after `closed`. */
export interface SocketEvents {
  /** The socket can carry frames. Comes once, before any frame. An accepted socket is open from the start and reports it as well. */
  opened(): void;
  /** One whole frame, in one or more parts. Frames come in the order in which they were sent. The receiver owns the parts. */
  frame(parts: readonly Uint8Array[]): void;
  /** Comes once, last. */
  closed(closing: Closing): void;
}

/**
 * One connection that carries whole frames in order. None is lost or doubled until it closes, as with TCP. No method throws, whatever the
 * state; frames sent on a closed socket are lost.
 */
export interface Socket {
  /** Bytes passed to `send` that have not left this process. */
  readonly bufferedBytes: number;
  /** Bytes received, including those of an incomplete frame. Only grows. */
  readonly receivedBytes: number;
  /**
   * Key material of this TLS session, equal on both sides and known to nobody else (RFC 5705), for the proof of the cookie. `undefined`
   * without TLS. Known once the socket is open.
   */
  readonly exporter: Uint8Array | undefined;
  /** Sets the listener. Call it once, within the turn in which the socket was made. */
  attach(events: SocketEvents): void;
  /** Sends the parts as one frame, without a copy if possible. They must not change until they have arrived. */
  send(parts: readonly Uint8Array[]): void;
  /** The peer has proved itself: from now on frames may be as long as the transport allows. Before, it may send only 4 KiB. */
  admit(): void;
  /** Ends the connection. Frames sent before still leave, if that takes no longer than a second; with `abrupt` they are lost. */
  close(abrupt?: boolean): void;
}

/** A place where peers can dial this node. */
export interface Listening {
  /** The URL for `dial`, with the port that was picked. */
  readonly url: string;
  /** Stops accepting. Admitted connections stay, others are ended. */
  close(): Promise<void>;
}

/** The options of listening. */
export interface ListenOptions {
  /** Whether peers must prove a cookie. Without one, listening where other machines can connect is refused. */
  readonly isProtected: boolean;
  /** Called with each open connection, which must be attached within the turn. */
  accept(socket: Socket): void;
  /**
   * Called for each connection that was refused before it could greet. `crowd`: the oldest of too many unproved ones was closed. `browser`:
   * browsers are refused. `fault`: the system has no room for connections; then `from` is its error.
   */
  turnedAway?(why: 'crowd' | 'browser' | 'fault', from: string): void;
}
