/** Why a connection is over, or never came to be. */
export interface Closing {
  /**
   * `refused`: nobody listens at the address; `failed`: it never opened, for any other reason; `closed`: the other side or the network
   * ended it; `local`: this side did.
   */
  readonly reason: 'refused' | 'failed' | 'closed' | 'local';
  /** For people. */
  readonly text: string;
}

/** What a socket tells. Nothing is told before `attach` has returned, and nothing after `closed`. */
export interface SocketEvents {
  /** It can carry frames; once, and before any frame. An accepted socket is open from the start and tells it as well. */
  opened(): void;
  /** One whole frame, in one or more parts; in the order in which they were sent. The parts are the receiver's. */
  frame(parts: readonly Uint8Array[]): void;
  /** Once, last. */
  closed(closing: Closing): void;
}

/**
 * One connection: frames, whole, ordered, none lost or doubled until it closes, as TCP. None of its methods throws, whatever its state;
 * what is sent on a closed one is gone.
 */
export interface Socket {
  /** Bytes handed to `send` that have not left this process. */
  readonly bufferedBytes: number;
  /** Bytes that have come from the other side, those of a frame that has not come whole among them. Only grows. */
  readonly receivedBytes: number;
  /**
   * Key material of this very TLS session, equal on both sides and known to nobody else (RFC 5705), for the proof of the cookie;
   * `undefined` without TLS. Known once it is open.
   */
  readonly exporter: Uint8Array | undefined;
  /** Says who hears of it; once, within the turn in which the socket was made. */
  attach(events: SocketEvents): void;
  /** Sends the parts as one frame, without a copy where it can: they must not change until they have arrived. */
  send(parts: readonly Uint8Array[]): void;
  /** The peer has proved itself: from now on frames may be as long as the transport allows; until then 4 KiB are all it may send. */
  admit(): void;
  /** Ends it; what was sent before still leaves, if that takes no longer than a second. `abrupt`: at once, it is lost. */
  close(abrupt?: boolean): void;
}

/** Somewhere that peers can dial. */
export interface Listening {
  /** Where it listens, for `dial`; with the port that was picked. */
  readonly url: string;
  /** Accepts nobody any more. Connections that stand are left alone, those that have not been admitted are ended. */
  close(): Promise<void>;
}

/** How to listen. */
export interface ListenOptions {
  /** Whether peers must prove a cookie: without it nobody may listen where others than this machine can connect. */
  readonly isProtected: boolean;
  /** Hears of each connection, open, within the turn in which it must be attached. */
  accept(socket: Socket): void;
  /**
   * Hears of each connection that was not let in before it could greet, and from where: one of a crowd of those that have not proved
   * themselves (the oldest goes), or a browser. `fault`: the system has no room for connections; then `from` is its error.
   */
  turnedAway?(why: 'crowd' | 'browser' | 'fault', from: string): void;
}

/** How frames get from one process to another. */
export interface Transport {
  /**
   * Listens at `host:port`; port 0 picks one, an empty host is this machine only. Rejects with a `TypeError` for what is no address, or one
   * that others can connect to while nothing protects it; with the system's error when it is taken or not this machine's.
   */
  listen(address: string, options: ListenOptions): Promise<Listening>;
  /**
   * Opens a connection; `at` is the IP address that is connected to in place of the URL's host. Never throws: what is wrong with `url` too
   * is told as `closed`, with `failed`. Closing it while it opens gives up.
   */
  dial(url: string, at?: string): Socket;
  /**
   * The addresses behind the host of a URL where that is a name; absent, or `undefined`, where there is but one way. For the second
   * argument of `dial`.
   */
  addressesOf?(url: string): Promise<readonly string[]> | undefined;
}

/** The most that somebody may send who has not proved itself, bytes. */
export const MAX_UNPROVED_BYTES = 4096;

/** The longest frame, bytes. What is longer than that goes in chunks. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** Lets the event loop have its turn, then calls `action`. In virtual time: whenever the simulation says. */
export type Defer = (action: () => void) => void;

/** As `defer`, but that what is put off within one turn happens in one turn, in order: fifty links need not be fifty. */
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

/** The machine's own. */
export const nextTurn: Defer = (action) => void setImmediate(action);
