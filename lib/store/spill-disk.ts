import type { AwayBytes } from '../value/index.js';

/** The place on the disk for values that the memory has no room for. Only this process reads what is there, as long as it lives. */
export interface SpillDisk {
  /** Bytes that its files take. */
  readonly usedBytes: number;
  /** How many more bytes it takes: what is left of its bound; 0 while the disk refuses them. */
  readonly freeBytes: number;
  /** Called when it has room again after it had none. */
  onRoom: () => void;
  /**
   * Writes a value. The parts must not change until then. Rejects with `HANDOFF_STORAGE_FAILED`: `full`, `not-writable`. Nothing of the
   * value is left then.
   */
  write(parts: readonly Uint8Array[]): Promise<SpilledBytes>;
  /** Deletes everything but what `keepReadable` was called for. Resolves when nothing is written or read any more. */
  close(): Promise<void>;
}

/** A value on the disk. */
export interface SpilledBytes extends AwayBytes {
  /**
   * Returns the bytes from `from` up to `to`, the latter not included, in memory of their own. Reads and checks a little more than these.
   * Rejects as `read` does.
   */
  readRange(from: number, to: number): Promise<Uint8Array>;
  /** Nobody needs it any more: its place is free again. Safe to call again. */
  drop(): void;
  /** It can be read until the end of the process, also when the disk is closed. Nothing of it is left in any folder then. */
  keepReadable(): void;
}
