import type { RememberedStats } from './remembered-shelf.js';

/** The start data of the thread that keeps the shelf. */
export interface ShelfThreadData {
  /** The path of the `dataDir`, and its id. */
  readonly path: string;
  readonly dataDir: string;
  readonly limitBytes: number;
}

/** What can be asked of the thread, with what it answers. A call that fails is answered with `undefined`. */
export interface ShelfOperations {
  readonly find: { readonly from: { readonly key: string; readonly madeSinceMs: number }; readonly to: FoundEntry };
  /** Gives `true` if it is remembered. */
  readonly remember: { readonly from: { readonly key: string } & FoundEntry; readonly to: boolean };
  /** Makes room for a file before it is written, and keeps it until `place` or `giveUp`. Gives `true` if there can be room. */
  readonly reserve: { readonly from: { readonly sizeBytes: number }; readonly to: boolean };
  /** A reserved file has been written beside: it takes its place. Gives `true` if it is there. */
  readonly place: { readonly from: StoredContent & { readonly beside: string; readonly isForOther: boolean }; readonly to: boolean };
  readonly giveUp: { readonly from: { readonly sizeBytes: number }; readonly to: undefined };
  /** Gives `true` if a file is there. */
  readonly touch: { readonly from: StoredContent; readonly to: boolean };
  /** A file is not what its name says: it goes, with its entries. */
  readonly drop: { readonly from: StoredContent; readonly to: undefined };
  readonly clear: { readonly from: undefined; readonly to: boolean };
}

/** One of them. */
export type ShelfOperation = keyof ShelfOperations;

/** The content of a file, and how long it is. */
export interface StoredContent {
  readonly contentDigest: string;
  readonly sizeBytes: number;
}

/** An entry as it is stored: packed, or in a file of some `dataDir`. */
export interface FoundEntry {
  readonly digest: string;
  readonly madeAtMs: number;
  readonly held: { readonly packed: Uint8Array } | { readonly file: StoredContent & { readonly dataDir: string } };
}

/** A call for the thread. */
export type ShelfCall = {
  readonly [Name in ShelfOperation]: { readonly name: Name } & Pick<ShelfOperations[Name], 'from'>;
}[ShelfOperation];

/** The calls of one turn of the event loop. */
export interface ShelfBatch {
  readonly id: number;
  readonly calls: readonly ShelfCall[];
}

/** Something that went wrong, to be logged. */
export interface ShelfNotice {
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What the thread answers to a batch: an answer for each call, in order. */
export interface ShelfAnswer {
  readonly id: number;
  readonly answers: readonly unknown[];
  readonly stats: RememberedStats;
  readonly notices: readonly ShelfNotice[];
}
