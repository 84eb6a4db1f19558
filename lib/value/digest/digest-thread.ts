import { Worker } from 'node:worker_threads';
import { LIB_FOLDER } from '../../base/index.js';
import type { Digests } from './digests.js';

const ENTRY = new URL('value/digest/digest-entry.mjs', LIB_FOLDER);
/** It unpacks one value at a time. */
const HEAP_MIB = 4096;

/** Returns the digests of a packed value, taken by a thread. Shared memory is not copied for that. Rejects if that is not possible. */
export function packedDigests(pieces: readonly Uint8Array[]): Promise<Digests> {
  try {
    thread ??= new DigestThread();
    return thread.take(pieces);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The thread of this process; made when it is needed for the first time. */
let thread: DigestThread | undefined;

/** A thread that takes digests, one after the other. It keeps the process alive while one is waited for. */
class DigestThread {
  readonly #worker: Worker;
  /** By number, those that are waited for. */
  readonly #pending = new Map<number, PendingDigests>();
  #last = 0;

  constructor() {
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MIB };
    this.#worker = new Worker(ENTRY, { execArgv: [], env: {}, resourceLimits, name: 'handoff-digests' });
    this.#worker.on('message', (answer: DigestAnswer) => this.#heard(answer));
    this.#worker.on('error', () => this.#ended());
    this.#worker.on('exit', () => this.#ended());
    this.#worker.unref();
  }

  take(pieces: readonly Uint8Array[]): Promise<Digests> {
    this.#last += 1;
    const number = this.#last;
    return new Promise<Digests>((resolve, reject) => {
      this.#worker.postMessage({ number, pieces } satisfies DigestQuestion);
      this.#pending.set(number, { resolve, reject });
      this.#worker.ref();
    });
  }

  #heard({ number, digests }: DigestAnswer): void {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    if (this.#pending.size === 0) this.#worker.unref();
    if (digests) pending?.resolve(digests);
    else pending?.reject(new Error('the value cannot be opened'));
  }

  /** Out of memory, most likely. The next question gets a new thread. */
  #ended(): void {
    if (thread === this) thread = undefined;
    for (const { reject } of this.#pending.values()) reject(new Error('the thread has ended'));
    this.#pending.clear();
  }
}

interface PendingDigests {
  readonly resolve: (digests: Digests) => void;
  readonly reject: (error: Error) => void;
}

/** A packed value whose digests are wanted. */
export interface DigestQuestion {
  readonly number: number;
  readonly pieces: readonly Uint8Array[];
}

/** The digests; `undefined` if the value cannot be opened. */
export interface DigestAnswer {
  readonly number: number;
  readonly digests: Digests | undefined;
}
