import type { AwayBytes, Packed } from '../../value/index.js';

/**
 * The results that a `dataDir` remembers, by key: what made them, and of what. Shared by all runs of its node. Nothing here ever rejects:
 * what cannot be read or written is logged, and counts as not remembered.
 */
export interface RememberedShelf {
  /** The id of its `dataDir`. */
  readonly dataDir: string;
  /** How much is remembered, as of the last answer of the disk. */
  readonly stats: RememberedStats;
  /**
   * Looks a key up. Counts a hit, which is the most recently used from then on. `madeSinceMs` (wall time) passes older ones by. The value
   * of a hit is not read; a file of this folder is there, as long as it should be. Look-ups of one turn go together.
   */
  find(key: string, madeSinceMs: number): Promise<RememberedResult | undefined>;
  /**
   * Remembers a result, in place of an earlier one with the key. What goes for it are those least recently used. Resolves to whether it is
   * remembered: from then on it is found.
   */
  remember(key: string, result: NewResult): Promise<boolean>;
  /**
   * Writes a large value, unless it is there already; `isForOther`: for the entry of another driver, which is not in this folder. Returns
   * its name, or `undefined` where there is no room for it. The parts must not change until then. What is of this node's own is remembered
   * next.
   */
  writeFile(parts: readonly Uint8Array[], isForOther: boolean): Promise<RememberedFile | undefined>;
  /** Returns the bytes of a file of this folder, if it is there and as long as it should be. It is the most recently used from then on. */
  openFile(file: RememberedFile): Promise<AwayBytes | undefined>;
  /**
   * Forgets everything, and deletes all files, also those for others. A file that is being read can be read to its end. Resolves to whether
   * it could.
   */
  clear(): Promise<boolean>;
  /** Resolves when nothing is written any more. */
  close(): Promise<void>;
}

/** A large value: its name is its content. */
export interface RememberedFile {
  /** The id of the `dataDir` that it lies in. */
  readonly dataDir: string;
  /** SHA-256 of its packed bytes, base64url. */
  readonly contentDigest: string;
  readonly sizeBytes: number;
}

/** A result to remember: its packed bytes if they are small, else its file. */
export interface NewResult {
  /** The digest of the value, as functions that consume it ask for. */
  readonly digest: string;
  readonly held: { readonly packed: Packed } | { readonly file: RememberedFile };
}

/** A result that is remembered. */
export interface RememberedResult {
  readonly digest: string;
  /** When it was remembered, milliseconds since 1970. */
  readonly madeAtMs: number;
  /** `bytes` are there where the file lies in this folder; else ask a node with that folder. */
  readonly held: { readonly packed: Packed } | { readonly file: RememberedFile; readonly bytes?: AwayBytes };
}

/** What is remembered in all. */
export interface RememberedStats {
  readonly entries: number;
  /** What entries and files take, those for others included. */
  readonly bytes: number;
  /** How often an entry was found, since the folder was made or cleared. */
  readonly hits: number;
}
