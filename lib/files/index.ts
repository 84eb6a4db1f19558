// Files: HOW bytes of values get into files, and back.
// In:  the parts of a packed value, and where they should lie.
// Out: a digest to check them by; the bytes as they were written, or why they are not; `HANDOFF_STORAGE_FAILED` with its reason.
export { FileBytes } from './file-bytes.js';
export type { FileDigest } from './file-digest.js';
export { type FileLoss, type FilePlace, type FileStamp, isFileLoss, type PlainPlace } from './file-place.js';
export { type FileThread, fileThread } from './file-thread.js';
export { LimitedWork } from './limited-work.js';
export { blocksAround, readOwn } from './read-file.js';
export { fileFailed, isStorageFailed, STORAGE_FAULTS, type StorageFault, storageFailed } from './storage-failed.js';
