import { rename } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';

const LOCK = 'lock';

/** Windows has pipes with names of their own in place of sockets with paths. */
const hasPipes = process.platform === 'win32';
const addressOf = (folder: string): string => (hasPipes ? `\\\\.\\pipe\\${basename(folder)}` : join(folder, LOCK));

/** Whether a name in a folder is that of its lock. */
export const isLockName = (name: string): boolean => name === LOCK;

/**
 * Marks a folder as used by this process: a socket that listens in it. The system closes it when the process dies, however that happens.
 * The socket has its name only when it listens, so no other process sees one that does not yet. Returns what ends it.
 */
export async function holdFolder(folder: string): Promise<() => void> {
  const address = addressOf(folder);
  const beside = hasPipes ? address : `${address}.new`;
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(beside, resolve);
  });
  server.unref();
  server.on('error', () => {});
  try {
    if (!hasPipes) await rename(beside, address);
  } catch (error) {
    server.close();
    throw error;
  }
  return () => server.close();
}

/** Whether a process uses a folder. In doubt one does. */
export function isFolderHeld(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(folder));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}
