/** Errors of the operating system in plain words. Others are shown with their own message. */
const SAID: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EFBIG: 'the file has reached the largest size that is allowed',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the device does not answer',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'there is no such file',
  ELOOP: 'its links form a circle',
  EMFILE: 'too many files are open: raise the limit, as in ulimit -n 4096',
  ENFILE: 'too many files are open on this machine',
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
};

/** Returns an error of the operating system in words, with its code. */
export function systemErrorText(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const said = code === undefined ? undefined : SAID[code];
  return said === undefined ? error.message : `${said} (${code})`;
}

/** Whether it is an error that explains itself: a port in use, a full disk. */
export const isSystemError = (value: unknown): value is Error =>
  value instanceof Error && typeof (value as NodeJS.ErrnoException).syscall === 'string' && value.cause === undefined;
