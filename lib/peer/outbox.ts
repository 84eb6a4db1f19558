import { chunkHead, controlFrames } from './codec.js';
import type { Defer, Socket } from './transport.js';

/** How much of a value goes at once, bytes: small enough that control, which goes between two chunks, does not wait. */
const CHUNK_BYTES = 256 * 1024;

/** With so much in the socket no further chunk is handed to it, bytes: the most that a control message has to wait for. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** With so much in the socket it is asked to tell when messages have left too, bytes. */
const TELL_FROM_BYTES = HIGH_WATER_BYTES / 4;

/** So much of values goes in one turn of the event loop, bytes; a fast network would otherwise never let go of it. */
const TURN_BYTES = 1024 * 1024;

/** A peer that has not taken so much is given up, bytes: it reads nothing, and what it is told would fill the memory. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

interface Transfer {
  readonly id: number;
  readonly bytes: Uint8Array;
  sentBytes: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * What is on its way to one peer. Messages of one turn go in one frame, in the order in which they were given; values go beside them in
 * chunks, in turn if there are several, and only while the socket has room. Nothing is sent within the turn in which it was given.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #defer: Defer;
  readonly #stalled: () => void;
  #messages: Uint8Array[] = [];
  #transfers: Transfer[] = [];
  /** Values whose last chunk is in the socket, and at which of the frames it tells of that chunk has left. */
  #leaving: { readonly transfer: Transfer; readonly at: number }[] = [];
  /** How many frames the socket was asked to tell of, and has told of. */
  #told = 0;
  #heard = 0;
  #isScheduled = false;
  #error: Error | undefined;

  /** `stalled`: the peer takes nothing. */
  constructor(socket: Socket, defer: Defer, stalled: () => void) {
    this.#socket = socket;
    this.#defer = defer;
    this.#stalled = stalled;
  }

  /** An encoded message. */
  push(message: Uint8Array): void {
    if (this.#error) return;
    this.#messages.push(message);
    this.#schedule();
  }

  /** Resolves when the last byte has left this process; until then they must not change. Rejects when the peer does not want it or the link ends. */
  sendValue(id: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error) throw this.#error;
      this.#transfers.push({ id, bytes, sentBytes: 0, resolve, reject });
      this.#schedule();
    });
  }

  /** The peer does not want the rest of a value. */
  refused(id: number): void {
    const transfer = this.#transfers.find((one) => one.id === id);
    if (!transfer) return;
    this.#transfers.splice(this.#transfers.indexOf(transfer), 1);
    if (transfer.sentBytes > 0) this.#socket.send([chunkHead(id, -1)]);
    transfer.reject(new Error(`Cannot send a value of ${transfer.bytes.length} bytes: the other node does not take it`));
  }

  /** The socket has let a frame go of which it was asked to tell. */
  drained(): void {
    this.#heard += 1;
    while (this.#leaving.length > 0 && this.#leaving[0]!.at <= this.#heard) this.#leaving.shift()!.transfer.resolve();
    if (this.#transfers.length > 0) this.#schedule();
  }

  /** Sends what waits, without the values: before the link is closed. */
  flush(): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    for (const frame of controlFrames(messages)) {
      // Whenever the socket is too full for a chunk, it must have been asked to tell when it no longer is.
      const tell = this.#socket.bufferedBytes + frame.length > TELL_FROM_BYTES;
      if (tell) this.#told += 1;
      this.#socket.send([frame], tell);
    }
    if (this.#socket.bufferedBytes > MAX_BUFFERED_BYTES) this.#stalled();
  }

  /** Sends a frame that says nothing. */
  probe(): void {
    this.flush();
    for (const frame of controlFrames([])) this.#socket.send([frame]);
  }

  /** The link is over: every value still under way fails. */
  fail(error: Error): void {
    this.#error = error;
    const failed = [...this.#leaving.map(({ transfer }) => transfer), ...this.#transfers];
    this.#messages = [];
    this.#transfers = [];
    this.#leaving = [];
    for (const transfer of failed) transfer.reject(error);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#defer(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.flush();
    let budgetBytes = TURN_BYTES;
    while (this.#transfers.length > 0 && budgetBytes > 0 && this.#socket.bufferedBytes < HIGH_WATER_BYTES) budgetBytes -= this.#sendChunk();
    // With less room than that the socket tells when it has some.
    if (this.#transfers.length > 0 && budgetBytes <= 0 && this.#socket.bufferedBytes < HIGH_WATER_BYTES) this.#schedule();
  };

  #sendChunk(): number {
    const transfer = this.#transfers.shift()!;
    const { id, bytes, sentBytes } = transfer;
    const chunk = bytes.subarray(sentBytes, sentBytes + CHUNK_BYTES);
    transfer.sentBytes += chunk.length;
    this.#told += 1;
    if (transfer.sentBytes < bytes.length) this.#transfers.push(transfer);
    else this.#leaving.push({ transfer, at: this.#told });
    const head = chunkHead(id, bytes.length);
    this.#socket.send(chunk.length > 0 ? [head, chunk] : [head], true);
    return Math.max(chunk.length, 1);
  }
}
