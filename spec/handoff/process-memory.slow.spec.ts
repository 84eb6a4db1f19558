import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
/** A C library that returns what is freed at once, so that what the process holds is what the node holds. */
const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072' };
const node = (script: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(`./processes/${script}`, import.meta.url))], {
    cwd,
    env,
    timeout: 800_000,
  });

describe('the process of a node that had large values', function () {
  this.timeout(900_000);

  it('gives back the memory of large values soon after it has nothing to do', async () => {
    const { stdout } = await node('idle-memory.ts');
    for (const [how, { mostMiB, leftMiB }] of Object.entries(JSON.parse(stdout) as Record<string, { mostMiB: number; leftMiB: number }>)) {
      expect(mostMiB, `${how}: what its values took`).to.be.above(256);
      expect(leftMiB, `${how}: what is left`).to.be.below(160);
    }
  });
});
