import type { Packed } from './pack.js';

/**
 * The packed bytes of a value that is on this node, but not in memory: in a file. They never change. Each read checks them against what was
 * written: it rejects with `HANDOFF_STORAGE_FAILED`, `damaged`, where they are not whole or not the same.
 */
export interface AwayBytes {
  readonly sizeBytes: number;
  /** Reads all of them, in memory that threads share where the value is large. Does not block the event loop. */
  read(): Promise<Packed>;
  /** Reads all of them at once. Blocks the event loop as long as it takes. Throws what `read` rejects with. */
  readNow(): Packed;
  /** Opens them for reading from the first to the last. */
  reader(): ByteReader;
  /**
   * Reads those from position `from` to `to`, without it, and checks the blocks around them. Missing where only the whole can be checked.
   */
  readRange?(from: number, to: number): Promise<Uint8Array>;
  /** Where another thread or process of this machine finds them, as plain data; `undefined` if only this one does. */
  readonly place?: object | undefined;
  /** They stay in their place until the function that it returns is called. */
  hold?(): () => void;
}

/** Reads bytes in order. */
export interface ByteReader {
  /**
   * Reads on, at most so many bytes; at least one unless all have been read. The last ones come only if all were what was written; else it
   * rejects. One read at a time.
   */
  read(mostBytes: number): Promise<Uint8Array>;
  /** Ends it. Safe to call again, and while a read is under way. */
  close(): void;
}
