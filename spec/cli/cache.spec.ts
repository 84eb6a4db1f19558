import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bytesOf, filesIn, large, shelfIn, small } from '../journal/remembered/shelf-place.js';
import { call, type Ended, fixture } from './command.js';

describe('handoff cache', () => {
  let base: string;
  let folder: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-cache-'));
    folder = join(base, 'data');
  });
  afterEach(() => rm(base, { recursive: true }));

  const handoff = (...args: string[]): Promise<Ended> => call(args, { env: { HANDOFF_DATA_DIR: folder } }).ended;

  async function fill(): Promise<void> {
    const { shelf, close } = await shelfIn(folder);
    await shelf.remember('small', small(1));
    await shelf.remember('large', large((await shelf.writeFile([bytesOf(100_000, 1)], false))!));
    await shelf.writeFile([bytesOf(100_000, 2)], true);
    for (const key of ['small', 'small', 'large', 'none']) await shelf.find(key, 0);
    await close();
  }

  it('says how much a folder remembers, also beside the node that uses it; --clear is refused there', async () => {
    await fill();
    const shown = await handoff('cache', '--json');
    expect(shown).to.include({ code: 0, stderr: '' });
    const { bytes, ...counts } = JSON.parse(shown.stdout) as Record<string, number>;
    expect(counts).to.deep.equal({ entries: 2, hits: 3 });
    expect(bytes).to.be.within(200_000, 203_000);
    const { child, ended, prints } = call(['node', '--listen', '127.0.0.1:0', '--data-dir', folder]);
    await prints(/ws:/);
    const beside = await handoff('cache');
    expect(beside).to.deep.equal({ code: 0, stdout: '2 results, 196.4 KiB; found 3 times\n', stderr: '' });
    const refused = await handoff('cache', '--clear');
    expect(refused).to.include({ code: 1, stdout: '' });
    expect(refused.stderr).to.include('HANDOFF_STORAGE_FAILED: in-use');
    child.kill('SIGINT');
    await ended;
    expect(await filesIn(folder)).to.have.length(2);
  });

  it('forgets everything with --clear, files for others too', async () => {
    await fill();
    expect(await handoff('cache', '--clear')).to.deep.equal({ code: 0, stdout: '0 results, 0 B; found 0 times\n', stderr: '' });
    expect(await filesIn(folder)).to.deep.equal([]);
    expect(JSON.parse((await handoff('cache', '--json', '--clear')).stdout)).to.deep.equal({ entries: 0, bytes: 0, hits: 0 });
  });

  it('makes no folder, and needs one', async () => {
    for (const more of [[], ['--clear']]) {
      const missing = await handoff('cache', ...more);
      expect(missing).to.include({ code: 1, stdout: '' });
      expect(missing.stderr).to.include('there is no such folder');
    }
    expect(await readdir(base)).to.deep.equal([]);
    const unnamed = await call(['cache']).ended;
    expect(unnamed).to.include({ code: 2, stdout: '' });
    expect(unnamed.stderr).to.include('Cannot show remembered results: name the folder with --data-dir or HANDOFF_DATA_DIR');
  });

  describe('beside handoff run without a key', () => {
    const run = (module: string, ...args: string[]): Promise<Ended> => handoff('run', fixture(module), ...args);

    it('has what functions with cache have made: the next run says what it did not run', async () => {
      const first = await run('remembered.mjs');
      expect(first).to.include({ code: 0, stdout: 'total: 10\n' });
      expect(first.stderr).to.not.include('remembered');
      const second = await run('remembered.mjs');
      expect(second).to.include({ code: 0, stdout: 'total: 10\n' });
      expect(second.stderr).to.include('handoff: nothing had to run: 2 results were remembered\n');
      const partly = await run('remembered.mjs#partly');
      expect(partly.stderr).to.include('handoff: 1 of 2 functions did not run: their results were remembered\n');
      const anew = await run('remembered.mjs', '--no-cache');
      expect(anew).to.include({ code: 0, stdout: 'total: 10\n' });
      expect(anew.stderr).to.include('handoff: total done in').and.to.not.include('remembered');
      expect(JSON.parse((await handoff('cache', '--json')).stdout)).to.include({ entries: 2, hits: 3 });
    });

    it('uses the folder of the environment only where functions may need it, and that of an option always', async () => {
      expect(await run('sums.mjs')).to.include({ code: 0 });
      expect(await readdir(base)).to.deep.equal([]);
      expect(await run('sums.mjs', '--data-dir', folder)).to.include({ code: 0 });
      expect(await readdir(base)).to.deep.equal(['data']);
    });

    it('does without a folder that another node uses, and says so; with a key it is refused', async () => {
      const { child, ended, prints } = call(['node', '--listen', '127.0.0.1:0', '--data-dir', folder]);
      await prints(/ws:/);
      const without = await run('remembered.mjs');
      expect(without).to.include({ code: 0, stdout: 'total: 10\n' });
      expect(without.stderr).to.include('handoff: another node uses the folder: no result is remembered\n');
      expect(await run('remembered.mjs', '--key', 'k')).to.include({ code: 1, stdout: '' });
      child.kill('SIGINT');
      await ended;
    });
  });
});
