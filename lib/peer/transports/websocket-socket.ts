import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { RawData, WebSocket } from 'ws';
import { lazyPackage } from '../../base/index.js';
import { type Closing, lengthOf, MAX_FRAME_BYTES, MAX_UNPROVED_BYTES, type Socket, type SocketEvents } from '../transport.js';
import type { LongFrames } from './long-frames.js';

/** Loaded when a node dials or listens for the first time. */
export const loadWs: () => typeof import('ws') = lazyPackage('ws');

/** The ws options of both ends. The rest of ws's own limits are good (16,384 fragments, 60 pending pongs). */
export const COMMON = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME_BYTES,
  closeTimeout: 1000,
} as const;

/** RFC 8446, 7.5: the key is bound to this label, so no other protocol over the same session has the same key. */
const EXPORTER_LABEL = 'EXPORTER-handoff-dag';

/** Up to this many bytes wait for the end of the turn to be written together. */
const WRITE_BYTES = 16 * 1024;

const WHOLE = { binary: true, compress: false, fin: true };
const MORE = { binary: true, compress: false, fin: false };

/** A ws socket of either side as a `Socket`. */
export class WebSocketSocket implements Socket {
  readonly #ws: WebSocket;
  readonly #frames: LongFrames;
  readonly #whenAdmitted: () => void;
  #events: SocketEvents | undefined;
  #wire: Duplex | undefined;
  #unprovedBytes = 0;
  #isAdmitted = false;
  #isLocal = false;
  #isOpen = false;
  #isCorked = false;
  #corkedBytes = 0;
  #fault: (Error & { code?: string }) | undefined;

  constructor(ws: WebSocket, frames: LongFrames, whenAdmitted: () => void = () => {}) {
    this.#ws = ws;
    this.#frames = frames;
    this.#whenAdmitted = whenAdmitted;
    // Before anything else: one malformed frame on a socket without an error listener ends the process.
    ws.on('error', (error) => {
      this.#fault ??= error;
    });
    ws.binaryType = 'fragments';
    ws.on('message', this.#heard);
    ws.on('close', this.#over);
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  get receivedBytes(): number {
    return (this.#wire as Partial<NetSocket> | undefined)?.bytesRead ?? 0;
  }

  get exporter(): Uint8Array | undefined {
    const wire = this.#wire as Partial<TLSSocket> | undefined;
    return wire?.encrypted ? wire.exportKeyingMaterial!(32, EXPORTER_LABEL, Buffer.alloc(0)) : undefined;
  }

  attach(events: SocketEvents): void {
    this.#events = events;
  }

  /** Records that it is open. `wire` is the connection below. */
  opened(wire: Duplex): void {
    this.#wire = wire;
    this.#isOpen = true;
    // After ws has read it, so that bytes admitted by a proof are no longer counted.
    wire.on('data', this.#counted);
    this.#events?.opened();
  }

  send(parts: readonly Uint8Array[]): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const last = parts.length - 1;
    this.#cork();
    for (let at = 0; at < last; at++) this.#ws.send(parts[at]!, MORE);
    this.#ws.send(parts[last]!, WHOLE);
    for (const part of parts) this.#corkedBytes += part.length;
    if (this.#corkedBytes >= WRITE_BYTES) this.#uncork();
  }

  /** Combines everything sent within a turn in one write. A long one is written at once, so that the other side can begin. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#wire?.cork();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#corkedBytes = 0;
    this.#wire?.uncork();
  };

  admit(): void {
    this.#isAdmitted = true;
    this.#frames.isOpen = true;
    this.#wire?.off('data', this.#counted);
    this.#whenAdmitted();
  }

  close(abrupt = false): void {
    this.#isLocal = true;
    if (abrupt) this.#ws.terminate();
    else this.#ws.close();
  }

  /** Gives up for a reason that ws does not know. */
  fail(fault: Error): void {
    this.#fault ??= fault;
    this.#ws.terminate();
  }

  readonly #heard = (data: RawData, isBinary: boolean): void => {
    const parts = this.#frames.whole(isBinary ? (data as Buffer[]) : []);
    if (lengthOf(parts) > MAX_FRAME_BYTES) return this.fail(new Error(`sent more than ${MAX_FRAME_BYTES} bytes at once`));
    // A text frame is not ours: it becomes an empty one, which is not understood.
    this.#events?.frame(isBinary ? parts : []);
  };

  /** Counts on the wire, as a frame of 4 MiB would be kept until it is complete. */
  readonly #counted = (chunk: Buffer): void => {
    this.#unprovedBytes += chunk.length;
    if (!this.#isAdmitted && this.#unprovedBytes > MAX_UNPROVED_BYTES)
      this.fail(new Error(`sent more than ${MAX_UNPROVED_BYTES} bytes unproved`));
  };

  readonly #over = (): void => {
    this.#wire?.off('data', this.#counted);
    this.#events?.closed(this.#closing());
    this.#events = undefined;
  };

  #closing(): Closing {
    const text = this.#fault?.message || this.#fault?.code || 'closed by the other side';
    if (this.#isLocal) return { reason: 'local', text: 'closed here' };
    if (this.#isOpen) return { reason: 'closed', text };
    return { reason: this.#fault?.code === 'ECONNREFUSED' ? 'refused' : 'failed', text };
  }
}
