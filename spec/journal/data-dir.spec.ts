import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DataDir, journals } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { groupsIn } from '../support/journal-runs.js';
import { testClock } from '../support/test-clock.js';

const HOLDER = fileURLToPath(new URL('./programs/hold-folder.ts', import.meta.url));
const isRoot = process.geteuid?.() === 0;

describe('a data folder', () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-folder-'));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const permissionsOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

  it('is made for its user alone, with the folders above it', async () => {
    const dataDir = await DataDir.open(join(base, 'a', 'b'));
    const journal = await journals.sqlite(dataDir, { node: 'a', clock: testClock() });
    expect(await permissionsOf(join(base, 'a', 'b'))).to.equal('700');
    const files = await readdir(dataDir.path);
    expect(files).to.include.members(['id', 'journal.db', 'lock.db']);
    for (const file of files) expect(await permissionsOf(join(dataDir.path, file)), file).to.equal('600');
    await journal.close();
    dataDir.close();
  });

  it('has an id of its own, which stays', async () => {
    const first = await DataDir.open(join(base, 'a'));
    first.close();
    first.close();
    const again = await DataDir.open(join(base, 'a'));
    expect(again.id)
      .to.equal(first.id)
      .and.to.match(/^[0-9a-f-]{36}$/);
    again.close();
    const other = await DataDir.open(join(base, 'b'));
    expect(other.id).to.not.equal(first.id);
    other.close();
  });

  it('is of one node at a time, in one process too, whatever its path is written like', async () => {
    const dataDir = await DataDir.open(base);
    expect(await caught(DataDir.open(`${base}/../${base.split('/').at(-1)}`))).to.include({ reason: 'in-use', path: base });
    expect((await caught(DataDir.open(base))).code).to.equal('HANDOFF_STORAGE_FAILED');
    dataDir.close();
    (await DataDir.open(base)).close();
  });

  it('stays locked for other processes when a second start in this process was refused', async () => {
    const dataDir = await DataDir.open(base);
    expect((await caught(DataDir.open(base))).reason).to.equal('in-use');
    const child = spawn(process.execPath, ['--import', 'tsx', HOLDER, base], { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    const said: Buffer[] = [];
    child.stderr!.on('data', (part: Buffer) => {
      said.push(part);
      if (`${Buffer.concat(said)}`.includes('holding')) child.kill('SIGKILL');
    });
    expect((await exited)[0]).to.equal(1);
    expect(`${Buffer.concat(said)}`).to.contain('another node uses it');
    dataDir.close();
  });

  it('whose files cannot be opened is refused with its reason', async () => {
    for (const name of ['lock.db', 'journal.db']) {
      const folder = join(base, name);
      await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
      const opened = DataDir.open(folder).then(async (dataDir) => {
        try {
          await journals.sqlite(dataDir, { node: 'a', clock: testClock() });
        } finally {
          dataDir.close();
        }
      });
      expect(await caught(opened), name).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    }
  });

  it('can be read beside the node that has it, and by many', async () => {
    const dataDir = await DataDir.open(base);
    const readers = await Promise.all([1, 2, 3].map(() => DataDir.open(base, { isReadOnly: true })));
    expect(readers.map(({ id, isDriven, isReadOnly }) => ({ id, isDriven, isReadOnly }))).to.deep.equal(
      readers.map(() => ({ id: dataDir.id, isDriven: true, isReadOnly: true })),
    );
    dataDir.close();
    expect((await DataDir.open(base, { isReadOnly: true })).isDriven).to.equal(false);
    (await DataDir.open(base)).close();
  });

  it('that has no records can be read', async () => {
    const dataDir = await DataDir.open(base);
    const reader = await journals.sqlite(await DataDir.open(base, { isReadOnly: true }), { node: 'r', clock: testClock() });
    expect(await reader.findRuns()).to.deep.equal([]);
    await reader.close();
    dataDir.close();
  });

  it('is not made for reading', async () => {
    const none = join(base, 'none');
    const missing = await caught(DataDir.open(none, { isReadOnly: true }));
    expect(missing).to.include({ reason: 'not-writable', message: `Cannot use ${JSON.stringify(none)}: there is no such folder` });
    expect(missing.cause).to.equal(undefined);
    expect(await readdir(base)).to.deep.equal([]);
  });

  it('is refused when others may write to it', async () => {
    for (const mode of [0o720, 0o702, 0o777]) {
      await chmod(base, mode);
      const error = await caught(DataDir.open(base));
      expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-private', path: base });
      expect(error.message).to.contain(`its mode is ${mode.toString(8)}`);
      expect((await caught(DataDir.open(base, { isReadOnly: true }))).reason).to.equal('not-private');
    }
    expect(await readdir(base)).to.deep.equal([]);
    await chmod(base, 0o755);
    (await DataDir.open(base)).close();
  });

  it('is refused when it belongs to somebody else', async () => {
    const foreign = isRoot ? join(base, 'foreign') : '/';
    if (isRoot) {
      await mkdir(foreign, { mode: 0o700 });
      await chown(foreign, 65_534, 65_534);
    }
    expect(await caught(DataDir.open(foreign))).to.include({ reason: 'not-private' });
  });

  it('is refused when it cannot be made or is no folder', async () => {
    await writeFile(join(base, 'file'), '');
    expect(await caught(DataDir.open(join(base, 'file')))).to.include({ reason: 'not-writable' });
    expect(await caught(DataDir.open(join(base, 'file', 'a')))).to.include({ reason: 'not-writable' });
    expect(await caught(DataDir.open('/proc/handoff-dag'))).to.include({ reason: 'not-writable' });
  });

  it('is refused when its id is damaged, and let go of', async () => {
    await writeFile(join(base, 'id'), 'no id', { mode: 0o600 });
    expect(await caught(DataDir.open(base))).to.include({ reason: 'damaged', path: base });
    await rm(join(base, 'id'));
    (await DataDir.open(base)).close();
  });

  it('is free as soon as its node is killed; the run of the killed is interrupted, with all that it had written', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', HOLDER, base], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [line] = await Promise.race([once(child.stdout!, 'data'), exited.then(() => ['ended'])]);
    expect(`${line}`).to.equal('holding\n');
    expect(await caught(DataDir.open(base))).to.include({ reason: 'in-use' });
    const beside = await journals.sqlite(await DataDir.open(base, { isReadOnly: true }), { node: 'r', clock: testClock() });
    expect((await beside.findRuns())[0]).to.include({ key: 'k', state: 'running', node: 'child' });
    await beside.close();
    child.kill('SIGKILL');
    await exited;
    const reader = await journals.sqlite(await DataDir.open(base, { isReadOnly: true }), { node: 'r', clock: testClock() });
    expect((await reader.findRuns())[0]).to.include({ key: 'k', state: 'interrupted', node: 'child' });
    await reader.close();
    const dataDir = await DataDir.open(base);
    const journal = await journals.sqlite(dataDir, { node: 'a', clock: testClock() });
    const [run] = await journal.findRuns();
    expect(run).to.include({ key: 'k', state: 'interrupted', node: 'child', leaseLeftMs: 0 });
    const texts = (await groupsIn(journal, run!)).map((bytes) => new TextDecoder().decode(bytes));
    expect(texts).to.deep.equal(['plan', ...Array.from({ length: 20 }, (_, at) => `group ${at}`)]);
    await journal.close();
    dataDir.close();
  });
});
