import type { OutputStream } from '../attempts/current-function.js';
import type { ToWorker } from './worker-messages.js';

/** What runs one call at a time beside the node's loop, a thread or a process, as the pool sees it. */
export interface WorkerHost {
  /** How the log tells it apart: the number of the thread, or of the process. */
  readonly id: number | undefined;
  send(message: ToWorker): void;
  /** It is about to get work: it keeps this process alive. */
  ref(): void;
  /** It has nothing to do: it does not keep this process alive. */
  unref(): void;
  /** Ends it, at once, and with a process all that it started in its group. `exited` is heard when it has ended. */
  end(): void;
  /** Passes to `heard` what has come from it and was not heard yet, and lets go of the way to it. Only after its end. */
  drain(): void;
}

/** What a host tells, from its making on. */
export interface HostEvents {
  /** Something has come by the engine's own way. It may be anything. */
  heard(data: unknown): void;
  /** Something has come by a way that is not the engine's. */
  dropped(): void;
  /** Why it ends, as far as it is known: an error that nobody caught, or what the runtime says. */
  failed(thrown: unknown): void;
  /** The way to it is closed, mostly as it ends. */
  closed(): void;
  /** Bytes that went past the engine to a standard stream: of native code, or of a program that was started there. */
  wrote(stream: OutputStream, bytes: Uint8Array): void;
  /** It has ended: with an exit code, or by a signal. */
  exited(exitCode: number | null, signal?: string): void;
}

/** Makes a host that tells `events` what happens. Throws where none can be made. */
export type MakeHost = (events: HostEvents) => WorkerHost;

/** The entry of each worker of a pool, thread or process. */
export const WORKER_ENTRY = new URL('./worker-entry.mjs', import.meta.url);
