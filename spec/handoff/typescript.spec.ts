import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

describe('a module in TypeScript', () => {
  it('runs on the loop of a process that was started without tsx, where tsx is to be found', async () => {
    const script = fileURLToPath(new URL('./processes/loop-typescript.mjs', import.meta.url));
    // Without what mocha was started with.
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    expect(stdout).to.equal('42\n');
  });
});
