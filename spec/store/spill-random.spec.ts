import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { silentLogger } from '../../lib/base/index.js';
import { openSpillDisk, type SpilledBytes } from '../../lib/store/index.js';
import { sharedBytes } from '../support/bytes.js';
import { testClock } from '../support/test-clock.js';

const MIB = 1 << 20;
const memory = sharedBytes(3 * MIB);

/** What is done, all of it at once: nothing waits for what was begun before, unless it needs the value. */
const deeds = fc.array(
  fc.record({
    size: fc.oneof(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 100_000, max: 1_100_000 }),
      fc.integer({ min: MIB, max: 3 * MIB }),
    ),
    at: fc.nat(1_000),
    uses: fc.array(fc.constantFrom('read', 'readNow', 'chunks', 'range', 'keepReadable', 'drop', 'drop while it is read'), {
      maxLength: 4,
    }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('the disk for spilled values', () => {
  it('keeps each value whole as long as it is needed, whatever goes on beside it, and nothing of it afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(deeds, async (list) => {
        const dataDirPath = await mkdtemp(join(tmpdir(), 'handoff-random-'));
        const disk = await openSpillDisk({ dataDirPath, limitBytes: 1_000 * MIB, logger: silentLogger, clock: testClock() });
        const isWhole = (bytes: Uint8Array, from: number, length: number): void => {
          expect(Buffer.compare(bytes, memory.subarray(from, from + length))).to.equal(0);
        };
        const chunks = async (value: SpilledBytes, at: number): Promise<void> => {
          const reader = value.reader();
          let read = 0;
          for (let chunk = await reader.read(700_000); chunk.length > 0; chunk = await reader.read(700_000)) {
            isWhole(chunk, at + read, chunk.length);
            read += chunk.length;
          }
          expect(read).to.equal(value.sizeBytes);
        };
        const kept: (() => Promise<void>)[] = [];
        await Promise.all(
          list.map(async ({ size, at, uses }) => {
            const length = Math.min(size, memory.length - at);
            const value = await disk.write([memory.subarray(at, at + length)]);
            for (const use of uses) {
              if (use === 'read') isWhole(await value.read(), at, length);
              else if (use === 'readNow') isWhole(value.readNow(), at, length);
              else if (use === 'chunks') await chunks(value, at);
              else if (use === 'range') isWhole(await value.readRange(length >> 2, length), at + (length >> 2), length - (length >> 2));
              else if (use === 'keepReadable') value.keepReadable();
              else {
                const reading = use === 'drop' ? undefined : Promise.all([value.read(), chunks(value, at)]);
                value.drop();
                const [bytes] = (await reading) ?? [];
                if (bytes) isWhole(bytes, at, length);
                return;
              }
            }
            if (uses.includes('keepReadable')) {
              kept.push(async () => {
                isWhole(await value.read(), at, length);
                value.drop();
              });
            } else value.drop();
          }),
        );
        await disk.close();
        expect(await readdir(join(dataDirPath, 'spill'))).to.deep.equal([]);
        for (const look of kept) await look();
        expect(disk.usedBytes).to.equal(0);
        await rm(dataDirPath, { recursive: true });
      }),
      { numRuns: 25 },
    );
  });
});
