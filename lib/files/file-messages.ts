import type { DigestKind } from './file-digest.js';
import type { FileLoss, FilePlace, FileStamp } from './file-place.js';

/** Pieces of what is written. */
export interface PieceBundle {
  /** The number of the value that is written. */
  readonly writing: number;
  readonly pieces: readonly Uint8Array[];
  /** Whether these are the last ones. */
  readonly isWhole: boolean;
}

/** A call to the thread for files. */
export type FileCall =
  /** Begins a file of its own, or with `at` writes into one that has others too. */
  | ({
      readonly type: 'write';
      readonly id: number;
      readonly path: string;
      readonly at: number | undefined;
      readonly kind: DigestKind;
      readonly isSynced: boolean;
    } & PieceBundle)
  | ({ readonly type: 'write-on'; readonly id: number } & PieceBundle)
  /** The pieces that are missing do not come. */
  | { readonly type: 'stop-writing'; readonly writing: number }
  /** Nothing more is written into a file that has several values. */
  | { readonly type: 'end-file'; readonly path: string }
  /** Reads all, `into` this memory if it is given. */
  | { readonly type: 'read'; readonly id: number; readonly place: FilePlace; readonly into: Uint8Array | undefined }
  /** Reads on with a reader, which begins with its first call. */
  | { readonly type: 'read-on'; readonly id: number; readonly reader: number; readonly place: FilePlace; readonly mostBytes: number }
  | { readonly type: 'close-reader'; readonly reader: number }
  | { readonly type: 'remove'; readonly id: number; readonly path: string };

/** What the thread answers. An error has the system's code. */
export type FileAnswer =
  | { readonly type: 'done'; readonly id: number; readonly value: FileStamp | Uint8Array | FileLoss | undefined }
  | { readonly type: 'failed'; readonly id: number; readonly code: string; readonly message: string };
