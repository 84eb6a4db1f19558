import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const MIB = 2 ** 20;
/** The hint to V8 is as large as what was counted, and comes from 64 to 256 MiB on, as the heap and the machine are large. */
const MOST_STEP_MIB = 256;
const library = JSON.stringify(new URL('../../lib/value/shared-memory.ts', import.meta.url).href);

/** Forty values of 32 MiB, one after the other, none of which anybody has any more. */
const program = `
const { sharedMemory } = await import(${library});
for (let value = 0; value < 40; value += 1) {
  sharedMemory(${32 * MIB}).fill(1);
  await new Promise(setImmediate);
}
console.log(process.memoryUsage.rss());
`;

/** Memory is counted, V8 collects for another reason, and as much is counted again. */
const collectedMeanwhile = `
const { countShared } = await import(${library});
countShared(${40 * MIB});
await new Promise((collected) => {
  globalThis.seen = new FinalizationRegistry(collected);
  globalThis.seen.register({}, undefined);
  setImmediate(gc);
});
await new Promise(setImmediate);
countShared(${40 * MIB});
const one = process.memoryUsage().arrayBuffers;
countShared(${MOST_STEP_MIB * MIB});
console.log(JSON.stringify([one, process.memoryUsage().arrayBuffers]));
`;

describe('memory that threads share', () => {
  it('is given back by a process that does nothing else, though V8 does not count it', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    // What has been made is 1,280 MiB; uncounted, all of it would still be there.
    expect(Number(stdout) / MIB).to.be.below(800);
  });

  it('is counted from the last collection on: one that V8 has just made for another reason is not made again', async () => {
    const words = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', collectedMeanwhile];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    const [one, two] = JSON.parse(stdout) as [number, number];
    expect(one / MIB).to.be.below(40);
    expect(two / MIB).to.be.above(MOST_STEP_MIB);
  });
});
