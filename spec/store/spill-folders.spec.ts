import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { silentLogger } from '../../lib/base/index.js';
import { openSpillDisk, type SpillDisk } from '../../lib/store/index.js';
import { isJoined, sharedBytes, someBytes } from '../support/bytes.js';
import { caught } from '../support/caught.js';
import { smallDisk } from '../support/small-disk.js';
import { testClock } from '../support/test-clock.js';

const MIB = 1 << 20;
const PROGRAM = fileURLToPath(new URL('programs/spill-program.ts', import.meta.url));
const PREFIX = `handoff-spill-${process.geteuid?.()}-`;

describe('the folders for spilled values', () => {
  let base: string;
  const ofSystem = process.env.TMPDIR;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-spills-'));
    process.env.TMPDIR = base;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    if (ofSystem === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = ofSystem;
    await rm(base, { recursive: true, force: true });
  });

  const open = (dataDirPath?: string): Promise<SpillDisk> => openSpillDisk({ dataDirPath, logger: silentLogger, clock: testClock() });

  /** What is there; tsx keeps its cache of compiled files there too. */
  const names = async (): Promise<string[]> => (await readdir(base)).filter((name) => !name.startsWith('tsx-')).sort();

  /** Opens a disk and closes it, so that what is left over has been swept. */
  async function sweep(dataDirPath?: string): Promise<void> {
    await (await open(dataDirPath)).close();
  }

  function run(deed: string): ChildProcess {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, deed], {
      env: { ...process.env, TMPDIR: base },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  async function firstLine(child: ChildProcess): Promise<unknown> {
    let text = '';
    for await (const chunk of child.stdout!) {
      text += chunk;
      if (text.includes('\n')) break;
    }
    return JSON.parse(text);
  }

  it('are made when the first value comes, for their user alone', async () => {
    const disk = await open();
    expect(await names()).to.deep.equal([]);
    const values = [await disk.write([someBytes(2_000)]), await disk.write([sharedBytes(2 * MIB)])];
    const [folder] = await names();
    expect(folder).to.match(new RegExp(`^${PREFIX}`));
    expect((await stat(join(base, folder!))).mode & 0o777).to.equal(0o700);
    for (const name of ['1', '2']) expect((await stat(join(base, folder!, name))).mode & 0o777).to.equal(0o600);
    for (const value of values) value.drop();
    await disk.close();
    expect(await names()).to.deep.equal([]);
  });

  it('of several nodes of a process are apart, and go with their node', async () => {
    const [one, other] = [await open(), await open()];
    await one.write([someBytes(2_000, 1)]);
    const value = await other.write([someBytes(2_000, 2)]);
    expect(await names()).to.have.length(2);
    await one.close();
    await sweep();
    expect(await names()).to.have.length(1);
    expect(isJoined(await value.read(), [someBytes(2_000, 2)])).to.equal(true);
    await other.close();
    expect(await names()).to.deep.equal([]);
  });

  it('of a process that was killed are deleted by the next start, those of one that lives are not', async () => {
    const child = run('hold');
    expect(await firstLine(child)).to.equal('spilled');
    await sweep();
    const [folder] = await names();
    expect((await readdir(join(base, folder!))).sort()).to.deep.equal(['1', '2', 'lock']);
    child.kill('SIGSTOP');
    await sweep();
    expect((await readdir(join(base, folder!))).sort()).to.deep.equal(['1', '2', 'lock']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await readdir(join(base, folder!))).sort()).to.deep.equal(['1', '2', 'lock']);
    await sweep();
    expect(await names()).to.deep.equal([]);
  });

  it('of a process that was killed are deleted by the next start in a data dir too', async () => {
    const child = run('hold');
    expect(await firstLine(child)).to.equal('spilled');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await names()).to.have.length(1);
    await sweep(join(base, 'data'));
    expect(await names()).to.deep.equal([]);
  });

  it('are deleted when their process ends without closing them', async () => {
    const child = run('leave');
    const exited = once(child, 'exit');
    expect(await firstLine(child)).to.equal('spilled');
    expect(await exited).to.deep.equal([0, null]);
    expect(await names()).to.deep.equal([]);
  });

  it('that were never finished are deleted, and do no harm', async () => {
    await mkdir(join(base, `${PREFIX}abcdef`), { mode: 0o700 });
    await mkdir(join(base, `${PREFIX}ghijkl`), { mode: 0o700 });
    await writeFile(join(base, `${PREFIX}ghijkl`, '1'), 'half');
    await sweep();
    expect(await names()).to.deep.equal([]);
  });

  it('of others are never touched: other users, links, folders that others may write to, files, other names', async () => {
    const secret = join(base, 'secret');
    await mkdir(secret, { mode: 0o700 });
    await writeFile(join(secret, '1'), 'mine');
    await symlink(secret, join(base, `${PREFIX}linked`));
    await mkdir(join(base, `${PREFIX}shared`));
    await chmod(join(base, `${PREFIX}shared`), 0o770);
    await writeFile(join(base, `${PREFIX}afile`), 'a file');
    await mkdir(join(base, 'handoff-spill-99999-abcdef'));
    if (process.geteuid?.() === 0) {
      await mkdir(join(base, `${PREFIX}others`), { mode: 0o700 });
      await chown(join(base, `${PREFIX}others`), 12_345, 12_345);
    }
    const before = await names();
    await sweep();
    const disk = await open();
    await disk.write([someBytes(2_000)]);
    await disk.close();
    expect(await names()).to.deep.equal(before);
    expect(await readFile(join(secret, '1'), 'utf8')).to.equal('mine');
  });

  it('lie in the folder of the data dir, where everything that is there at the start is left over', async () => {
    const dataDir = join(base, 'data');
    await mkdir(join(dataDir, 'spill', 'old'), { recursive: true });
    await writeFile(join(dataDir, 'spill', 'old', '1'), 'left over');
    await writeFile(join(dataDir, 'journal.db'), 'mine');
    const disk = await open(dataDir);
    const value = await disk.write([sharedBytes(2 * MIB)]);
    await disk.write([someBytes(2_000)]);
    expect(await names()).to.deep.equal(['data']);
    expect(isJoined(await value.read(), [sharedBytes(2 * MIB)])).to.equal(true);
    await disk.close();
    expect(await readdir(join(dataDir, 'spill'))).to.deep.equal([]);
    expect((await readdir(dataDir)).sort()).to.deep.equal(['journal.db', 'spill']);
  });

  it('follow no link out of the data dir', async () => {
    const [dataDir, secret] = [join(base, 'data'), join(base, 'secret')];
    for (const folder of [dataDir, secret]) await mkdir(folder, { mode: 0o700 });
    await writeFile(join(secret, '1'), 'mine');
    await symlink(secret, join(dataDir, 'spill'));
    const disk = await open(dataDir);
    expect(await caught(disk.write([someBytes(2_000)]))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    await disk.close();
    expect(await readdir(secret)).to.deep.equal(['1']);
  });

  it('lie on a disk where the folder for temporary files is in memory', async function () {
    const memory = await smallDisk(4_096);
    if (!memory) return this.skip();
    try {
      process.env.TMPDIR = memory.path;
      const disk = await open();
      const onDisk = async (): Promise<string[]> => (await readdir('/var/tmp')).filter((name) => name.startsWith(PREFIX));
      const others = await onDisk();
      const value = await disk.write([someBytes(2_000)]);
      const [own] = (await onDisk()).filter((name) => !others.includes(name));
      expect(existsSync(join('/var/tmp', own!, '1'))).to.equal(true);
      expect(isJoined(value.readNow(), [someBytes(2_000)])).to.equal(true);
      expect(await readdir(memory.path)).to.deep.equal([]);
      await disk.close();
      expect(existsSync(join('/var/tmp', own!))).to.equal(false);
    } finally {
      await memory.remove();
    }
  });

  it('keep what must stay readable until the end of the process where that is more than stays open', async () => {
    const child = run('keep');
    const exited = once(child, 'exit');
    expect(await firstLine(child)).to.equal(135);
    expect(await exited).to.deep.equal([0, null]);
    expect(await names()).to.deep.equal([]);
  });

  it('are used on when the thread for files dies: what it had to do, the next one does', async () => {
    const child = run('kill-thread');
    const exited = once(child, 'exit');
    expect(await firstLine(child)).to.deep.equal({
      isWhole: [true, true, true, true, true],
      threads: 3,
      levels: [],
    });
    expect(await exited).to.deep.equal([0, null]);
  });
});
