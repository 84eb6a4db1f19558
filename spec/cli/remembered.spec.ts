import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { call, type Ended, fixture } from './command.js';

describe('handoff run with a folder that remembers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const run = (...args: string[]): Promise<Ended> =>
    call(['run', fixture('remembered-notes.mjs'), '--data-dir', join(folder, 'data'), ...args], { env: { NOTES: join(folder, 'notes') } })
      .ended;
  const ran = async (): Promise<string[]> => (await readFile(join(folder, 'notes'), 'utf8')).trim().split('\n');

  it('runs what is remembered once over processes, says how much that was, and passes it by with --no-cache', async () => {
    const first = await run();
    expect(first).to.include({ code: 0, stdout: 'twice: 399980000\n' });
    expect(first.stderr).not.to.include('were remembered');
    const second = await run();
    expect(second).to.include({ code: 0, stdout: 'twice: 399980000\n' });
    expect(second.stderr).to.include('handoff: 2 of 3 functions did not run: their results were remembered');
    expect(await ran()).to.deep.equal(['rows', 'sum', 'twice', 'twice']);
    expect((await run('--no-cache')).stderr).not.to.include('their results were remembered');
    expect(await ran()).to.have.length(7);
  });
});
