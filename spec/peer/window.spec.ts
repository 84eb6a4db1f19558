import { expect } from 'chai';
import { Window } from '../../lib/peer/window.js';

const MIB = 1024 * 1024;

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
    expect(fill(window, 0)).to.equal(2 * MIB);
    let nowMs = 0;
    for (let round = 0; round < 200; round++) {
      nowMs += 30;
      expect(window.receivedChunks(window.sent, nowMs)).to.equal(true);
      fill(window, nowMs);
    }
    expect(window.chunkBytes).to.equal(MIB);
    window.receivedChunks(window.sent, nowMs + 30);
    expect(fill(window, nowMs)).to.equal(16 * MIB);
  });

  it('shrinks while they queue, to 256 KiB at least, but not for a network that is merely far', () => {
    const window = new Window();
    let nowMs = 0;
    for (const tookMs of [200, ...Array<number>(50).fill(203)]) {
      fill(window, nowMs);
      nowMs += tookMs;
      window.receivedChunks(window.sent, nowMs);
    }
    const far = fill(window, nowMs);
    expect(far).to.be.above(4 * MIB);
    for (let round = 0; round < 50; round++) {
      nowMs += 300;
      window.receivedChunks(window.sent, nowMs);
      fill(window, nowMs);
    }
    window.receivedChunks(window.sent, nowMs + 300);
    expect(fill(window, nowMs)).to.equal(MIB / 4);
  });

  it('believes no peer that has received more than was sent, or less than before', () => {
    const window = new Window();
    fill(window, 0);
    expect(window.receivedChunks(window.sent + 1, 1)).to.equal(false);
    expect(window.receivedChunks(2, 1)).to.equal(true);
    expect(window.receivedChunks(1, 1)).to.equal(false);
  });
});
