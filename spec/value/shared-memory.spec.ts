import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const MIB = 2 ** 20;
const library = JSON.stringify(new URL('../../lib/value/shared-memory.ts', import.meta.url).href);

/** Twenty values of 32 MiB, one after the other, none of which anybody has any more. */
const program = `
const { sharedMemory } = await import(${library});
for (let value = 0; value < 20; value += 1) {
  sharedMemory(${32 * MIB}).fill(1);
  await new Promise(setImmediate);
}
console.log(process.memoryUsage.rss());
`;

describe('memory that threads share', () => {
  it('is given back by a process that does nothing else, though V8 does not count it', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    // What has been made is 640 MiB; uncounted, all of it would still be there.
    expect(Number(stdout) / MIB).to.be.below(400);
  });
});
