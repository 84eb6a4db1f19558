import { writevSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { FrameReader, frameOf } from './frames.js';
import type { FromWorker, ToWorker, WorkerLink, WorkerSetUp } from './worker-messages.js';

/** The file descriptor of the pipe on which a process hears. */
export const HEARS_ON = 3;

/** That of the one on which it tells. */
export const TELLS_ON = 4;

/** How much is read at one go, bytes: about what the system holds of a pipe. */
const READ_BYTES = 256 * 1024;

/** The exit code of a process that cannot hear or tell any more. */
const BROKEN = 70;

/**
 * A process's end of the way to its pool: two pipes that it alone has, as what it starts does not inherit them. What it tells is written at
 * once, so that nothing is lost if it ends in the next moment, however that may be. It ends, with all in its group, when its pool is gone.
 */
export function processLink(): WorkerLink {
  const setUp = JSON.parse(process.argv.splice(2, 1)[0]!) as WorkerSetUp;
  // Taken before code of users can change what they are.
  const { pid, exit, kill } = process;
  const end = (): never => Reflect.apply(exit, process, [BROKEN]) as never;
  return {
    ...setUp,
    sharesMemory: false,
    tell(message: FromWorker) {
      try {
        writeAll(frameOf(message));
      } catch {
        // Code of users has closed the pipe, or spoilt what this relies on.
        end();
      }
    },
    listen(heard) {
      const reader = new FrameReader((message) => heard(message as ToWorker));
      const read = (length: number, into: Uint8Array): boolean => {
        try {
          reader.push(into.subarray(0, length));
        } catch {
          end();
        }
        return true;
      };
      // One memory for all that is read: Node would else allocate 64 KiB for each message.
      const onread = { buffer: new Uint8Array(READ_BYTES), callback: read };
      const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = { fd: HEARS_ON, readable: true, writable: false, onread };
      const pipe = new Socket(options);
      pipe.resume();
      pipe.on('error', () => {});
      pipe.on('close', () => {
        try {
          Reflect.apply(kill, process, [-pid, 'SIGKILL']);
        } catch {
          end();
        }
      });
    },
  };
}

/** The pipe is one that blocks: whoever writes much waits until it is read. */
function writeAll(parts: readonly Uint8Array[]): void {
  let left = parts;
  for (;;) {
    let written = writevSync(TELLS_ON, left);
    let whole = 0;
    while (whole < left.length && written >= left[whole]!.byteLength) {
      written -= left[whole]!.byteLength;
      whole += 1;
    }
    if (whole === left.length) return;
    left = [left[whole]!.subarray(written), ...left.slice(whole + 1)];
  }
}
