import { parentPort } from 'node:worker_threads';
import { doAtOnce } from '../../base/index.js';
import type { DigestAnswer, DigestQuestion } from './digest-thread.js';
import type { Digests } from './digests.js';
import { digestsOfPieces } from './held-digest.js';

// Runs in the thread that takes digests.

function taken(pieces: readonly Uint8Array[]): Digests | undefined {
  try {
    return doAtOnce(digestsOfPieces(pieces));
  } catch {
    return undefined;
  }
}

parentPort!.on('message', ({ number, pieces }: DigestQuestion) => {
  parentPort!.postMessage({ number, digests: taken(pieces) } satisfies DigestAnswer);
});
