import { writevSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { FrameReader, frameOf } from './frames.js';
import type { ToWorker, WorkerLink, WorkerSetUp } from './worker-messages.js';

/** The file descriptor of the pipe that a process reads. */
export const HEARS_ON = 3;

/** The file descriptor of the pipe that it writes. */
export const TELLS_ON = 4;

/** How much is read at once, bytes: about as much as the system buffers in a pipe. */
const READ_BYTES = 256 * 1024;

/** The exit code of a process whose pipes do not work any more. */
const BROKEN = 70;

/**
 * A process's end of the channel to its pool: two pipes of its own, which processes that it starts do not inherit. Messages are written at
 * once, so that none is lost if the process ends in the next moment. The process ends, with its whole group, when its pool is gone.
 */
export function processLink(): WorkerLink {
  const setUp = JSON.parse(process.argv.splice(2, 1)[0]!) as WorkerSetUp;
  // Taken before user code can change them.
  const { pid, exit, kill } = process;
  const end = (): never => Reflect.apply(exit, process, [BROKEN]) as never;
  return {
    ...setUp,
    sharesMemory: false,
    tell(message) {
      try {
        writeAll(frameOf(message));
      } catch {
        // User code has closed the pipe, or broken what this relies on.
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
      // One buffer for all reads: otherwise Node would allocate 64 KiB for each message.
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

/** The pipe blocks: a function that writes much waits until it is read. */
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
