import type { Closing, Socket } from '../peer/index.js';

/** A frame of up to this many bytes is kept as it is, a longer one as its length. */
const KEPT_BYTES = 1000;

/** Records what one end of a connection receives. */
export class SocketEnd {
  readonly socket: Socket;
  /** The bytes of each frame; of a long one its length alone. */
  readonly frames: number[][] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<Closing>;
  /** The frames whole, if the law sets it before they come. */
  contents: Buffer[] | undefined;
  framesBeforeOpen = 0;
  #isOpen = false;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    let open!: () => void;
    let close!: (closing: Closing) => void;
    this.opened = new Promise((resolve) => {
      open = resolve;
    });
    this.closed = new Promise((resolve) => {
      close = resolve;
    });
    socket.attach({
      opened: () => {
        this.#isOpen = true;
        open();
      },
      frame: (parts) => {
        if (!this.#isOpen) this.framesBeforeOpen += 1;
        const frame = Buffer.concat(parts);
        this.contents?.push(frame);
        this.frames.push(frame.length > KEPT_BYTES ? [frame.length] : [...frame]);
        this.#waiting = this.#waiting.filter(({ count, resolve }) => this.frames.length < count || resolve());
      },
      closed: close,
    });
  }

  /** Resolves when so many frames have come. */
  received(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.frames.length >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }
}
