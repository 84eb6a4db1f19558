import { HandoffError, type HandoffErrorFields, textOf } from '../base/index.js';

/**
 * Why something could not be stored or read: the `reason` of a `HANDOFF_STORAGE_FAILED`. `in-use`: another node has the folder.
 * `not-private`: others may write to it. `damaged`: what is there is not what was written. `unreachable`: no database answers.
 * `version`: a newer handoff-dag made it, or older nodes still use it.
 */
export const STORAGE_FAULTS = ['in-use', 'not-private', 'not-writable', 'full', 'damaged', 'unreachable', 'version'] as const;

/** A `HANDOFF_STORAGE_FAILED`. */
export const storageFailed = (reason: StorageFault, message: string, fields: HandoffErrorFields = {}): HandoffError =>
  new HandoffError('HANDOFF_STORAGE_FAILED', message, { ...fields, reason });

/** Whether `error` is a `HANDOFF_STORAGE_FAILED`, for this reason where one is given. */
export const isStorageFailed = (error: unknown, reason?: StorageFault): error is HandoffError =>
  HandoffError.is(error, 'HANDOFF_STORAGE_FAILED') && (reason === undefined || error.reason === reason);

/** The codes of the system that say why a file could not be written or read. */
const SYSTEM_FAULTS: Readonly<Record<string, StorageFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'not-writable',
  EPERM: 'not-writable',
  EROFS: 'not-writable',
  ENOTDIR: 'not-writable',
  EIO: 'damaged',
};

/** Returns an error of the file system as ours. Others, such as `EMFILE`, are `not-writable` too: nothing can be written now. */
export function fileFailed(intent: string, error: unknown): HandoffError {
  const code = (error as NodeJS.ErrnoException)?.code ?? '';
  return storageFailed(SYSTEM_FAULTS[code] ?? 'not-writable', `${intent}: ${textOf(error)}`, { cause: error });
}

/** One of `STORAGE_FAULTS`. */
export type StorageFault = (typeof STORAGE_FAULTS)[number];
