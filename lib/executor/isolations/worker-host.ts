import { LIB_FOLDER } from '../../base/index.js';
import type { OutputStream } from '../attempts/current-function.js';
import type { NextCalls } from './next-calls.js';
import type { ToWorker } from './worker-messages.js';

/** A thread or process that runs one call at a time beside the node's loop, as the pool sees it. */
export interface WorkerHost {
  /** Its number in the log: that of the thread, or of the process. */
  readonly id: number | undefined;
  send(message: ToWorker): void;
  /** Which calls may begin there next, if calls can lie there. */
  readonly next?: NextCalls;
  /** It will get work soon, and keeps this process alive. */
  ref(): void;
  /** It is idle, and does not keep this process alive. */
  unref(): void;
  /** Ends it at once; a process with everything that it started in its group. `exited` is called when it has ended. */
  end(): void;
  /** Passes the messages that have come and were not processed to `heard`, and closes the channel. Call it only after its end. */
  drain(): void;
}

/** The events of a host, from its creation on. */
export interface HostEvents {
  /** A message on the engine's own channel. It may be anything. */
  heard(data: unknown): void;
  /** A message on any other channel. */
  dropped(): void;
  /** Why it ends, if known: an error that nothing caught, or what the runtime reports. */
  failed(thrown: unknown): void;
  /** Its channel is closed, usually because it ends. */
  closed(): void;
  /** Bytes that bypassed the engine on their way to a standard stream: of native code, or of a program that was started there. */
  wrote(stream: OutputStream, bytes: Uint8Array): void;
  /** It has ended: with an exit code, or by a signal. */
  exited(exitCode: number | null, signal?: string): void;
}

/** Makes a host that reports to `events`. Throws if none can be made. */
export type MakeHost = (events: HostEvents) => WorkerHost;

/** The entry module of each worker of a pool, thread or process. */
export const WORKER_ENTRY = new URL('executor/isolations/worker-entry.mjs', LIB_FOLDER);
