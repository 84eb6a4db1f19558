import { expect } from 'chai';
import { Window } from '../../lib/peer/links/window.js';

const MIB = 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

/** Sends chunks until the window is full; answers how many bytes it took. */
function fill(window: Window, nowMs: number): number {
  let bytes = 0;
  while (window.hasRoom) {
    const chunk = window.chunkBytes;
    window.sentChunk(chunk, nowMs);
    bytes += chunk;
  }
  return bytes;
}

describe('window of values under way', () => {
  it('grows to 16 MiB while chunks arrive as quickly as they can, and its chunks to 1 MiB', () => {
    const window = new Window();
    expect(fill(window, 0)).to.equal(FIRST_BYTES);
    let nowMs = 0;
    for (let round = 0; round < 12; round++) {
      nowMs += 30;
      expect(window.receivedChunks(window.sent, nowMs)).to.equal(true);
      fill(window, nowMs);
    }
    expect(window.chunkBytes).to.equal(MIB);
    window.receivedChunks(window.sent, nowMs + 30);
    expect(fill(window, nowMs)).to.equal(16 * MIB);
  });

  it('doubles with each round until chunks queue, then grows by a quarter', () => {
    const window = new Window();
    const sizes: number[] = [];
    let nowMs = 0;
    for (const tookMs of [30, 30, 30, 300, 30, 30]) {
      sizes.push(fill(window, nowMs) / FIRST_BYTES);
      nowMs += tookMs;
      window.receivedChunks(window.sent, nowMs);
    }
    expect(sizes).to.deep.equal([1, 2, 4, 8, 6, 7.5]);
  });

  /** Keeps the window full on a line that carries so much and is so far away; answers how full it keeps the line, and how long what is sent waits, ms. */
  function onLine(bytesPerMs: number, awayMs: number): { readonly share: number; readonly queueMs: number } {
    const window = new Window();
    const arriving: { readonly chunk: number; readonly atMs: number }[] = [];
    let [nowMs, freeAtMs, sentBytes, queueMs] = [0, 0, 0, 0];
    const send = (): void => {
      while (window.hasRoom) {
        const bytes = window.chunkBytes;
        window.sentChunk(bytes, nowMs);
        freeAtMs = Math.max(freeAtMs, nowMs) + bytes / bytesPerMs;
        if (nowMs > 10_000) [sentBytes, queueMs] = [sentBytes + bytes, Math.max(queueMs, freeAtMs - nowMs)];
        arriving.push({ chunk: window.sent, atMs: freeAtMs + awayMs });
      }
    };
    for (send(); nowMs < 60_000; send()) {
      const { chunk, atMs } = arriving.shift()!;
      nowMs = atMs;
      window.receivedChunks(chunk, nowMs);
    }
    return { share: sentBytes / bytesPerMs / (nowMs - 10_000), queueMs };
  }

  for (const mbit of [0.25, 1, 2, 6, 20, 100, 1000]) {
    it(`keeps a line of ${mbit} Mbit/s busy, near and far, and what waits short`, () => {
      for (const awayMs of [0, 5, 50, 200]) {
        const { share, queueMs } = onLine(mbit * 125, awayMs);
        const isLimited = (mbit * 125 * awayMs) / (16 * MIB) > 0.5;
        if (!isLimited) expect(share, `${awayMs} ms away`).to.be.above(0.85);
        // What is under way on a line that is far away does not queue.
        expect(queueMs, `${awayMs} ms away`).to.be.below(mbit < 1 ? 1000 : 350);
      }
    });
  }

  it('shrinks while they queue, to 16 KiB at least, but not for a network that is merely far', () => {
    const window = new Window();
    let nowMs = 0;
    for (const tookMs of [200, ...Array<number>(50).fill(203)]) {
      fill(window, nowMs);
      nowMs += tookMs;
      window.receivedChunks(window.sent, nowMs);
    }
    const far = fill(window, nowMs);
    expect(far).to.be.above(4 * MIB);
    for (let round = 0; round < 80; round++) {
      nowMs += 500;
      window.receivedChunks(window.sent, nowMs);
      fill(window, nowMs);
    }
    window.receivedChunks(window.sent, nowMs + 500);
    expect(fill(window, nowMs)).to.equal(16 * 1024);
  });

  it('believes no peer that has received more than was sent, or less than before', () => {
    const window = new Window();
    fill(window, 0);
    expect(window.receivedChunks(window.sent + 1, 1)).to.equal(false);
    expect(window.receivedChunks(2, 1)).to.equal(true);
    expect(window.receivedChunks(1, 1)).to.equal(false);
  });
});
