import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FileValueName, type LostValue, ValueFiles } from '../../lib/journal/data-dir/value-files.js';
import { caught } from '../support/caught.js';

const RUN = '0190f0a0-0000-7000-8000-000000000001';

describe('large values as files', () => {
  let base: string;
  let files: ValueFiles;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-values-'));
    files = new ValueFiles(base);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const named = (given: Partial<FileValueName> = {}): FileValueName => ({ runId: RUN, epoch: 1, index: 7, ...given });
  const bytes = (size: number, seed: number): Uint8Array => Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed) % 251);

  for (const isSynced of [false, true]) {
    it(`come back as they were written, in however many parts${isSynced ? ', synced' : ''}`, async () => {
      const shared = new Uint8Array(new SharedArrayBuffer(1_500_000));
      shared.set(bytes(1_500_000, 3));
      for (const parts of [[], [bytes(0, 1)], [bytes(70_000, 2)], [shared, bytes(5, 4), bytes(1 << 20, 5)]]) {
        const stamp = await files.write(named(), parts, isSynced);
        const read = await files.read(named(), stamp);
        expect(stamp.sizeBytes).to.equal(parts.reduce((sum, { length }) => sum + length, 0));
        expect(read.type).to.equal('whole');
        expect(Buffer.compare(Buffer.concat(parts), (read as { bytes: Uint8Array }).bytes)).to.equal(0);
      }
    });
  }

  it('are told apart by run, epoch and function', async () => {
    const names = [named(), named({ epoch: 2 }), named({ index: 8 }), named({ runId: '../../x' }), named({ runId: 'ü' })];
    const stamps = await Promise.all(names.map((name, at) => files.write(name, [bytes(100, at)], false)));
    for (const [at, name] of names.entries()) {
      expect(await files.read(name, stamps[at]!)).to.deep.equal({ type: 'whole', bytes: bytes(100, at) });
    }
    expect((await files.runs()).sort()).to.deep.equal([RUN, '../../x', 'ü'].sort());
    expect(await readdir(base)).to.deep.equal(['values']);
    expect((await stat(join(base, 'values', RUN, '1-7'))).mode & 0o777).to.equal(0o600);
  });

  it('are lost when they are missing or short', async () => {
    const stamp = await files.write(named(), [bytes(70_000, 1)], false);
    const path = join(base, 'values', RUN, '1-7');
    await truncate(path, 69_999);
    expect(await files.read(named(), stamp)).to.deep.equal({ type: 'lost', loss: 'short', path });
    await files.remove(named());
    await files.remove(named());
    expect(await files.read(named(), stamp)).to.deep.equal({ type: 'lost', loss: 'missing', path });
  });

  it('are lost, and set aside, when they are not what was written', async () => {
    const path = join(base, 'values', RUN, '1-7');
    for (const harm of [(one: Buffer) => one.fill(7, 400, 401), (one: Buffer) => Buffer.concat([one, one])]) {
      const stamp = await files.write(named(), [bytes(70_000, 1)], false);
      await writeFile(path, harm(await readFile(path)));
      expect(await files.read(named(), stamp)).to.deep.equal({ type: 'lost', loss: 'damaged', path });
      expect(await files.read(named(), stamp)).to.deep.equal({ type: 'lost', loss: 'missing', path });
      expect(await readdir(join(base, 'values', RUN))).to.deep.equal(['1-7.damaged']);
    }
  });

  it('can be opened to be read later; what is lost by then is told of, and set aside', async () => {
    const path = join(base, 'values', RUN, '1-7');
    const stamp = await files.write(named(), [bytes(70_000, 1)], false);
    const lost: LostValue[] = [];
    let told = (): void => {};
    const opened = files.bytesOf(named(), stamp, (value) => {
      lost.push(value);
      told();
    });
    const failed = async (): Promise<void> => {
      const isTold = new Promise<void>((resolve) => {
        told = resolve;
      });
      expect(await caught(opened.read())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'damaged' });
      await isTold;
    };
    expect(Buffer.compare(await opened.read(), bytes(70_000, 1))).to.equal(0);
    expect(await opened.reader().read(100)).to.deep.equal(bytes(100, 1));
    await truncate(path, 69_999);
    await failed();
    await failed();
    expect(lost).to.deep.equal([
      { type: 'lost', loss: 'short', path },
      { type: 'lost', loss: 'missing', path },
    ]);
    expect(await readdir(join(base, 'values', RUN))).to.deep.equal(['1-7.damaged']);
  });

  it('are not another one of the same name', async () => {
    const stamp = await files.write(named(), [bytes(70_000, 1)], false);
    await files.write(named(), [bytes(70_000, 2)], false);
    expect(await files.read(named(), stamp)).to.have.property('loss', 'damaged');
  });

  it('go with their run, and what a crash left half written goes too', async () => {
    await files.write(named(), [bytes(10, 1)], false);
    await files.write(named({ runId: 'other' }), [bytes(10, 1)], false);
    await writeFile(join(base, 'values', RUN, '1-9.x.new'), 'half');
    await files.takeStock();
    expect(await readdir(join(base, 'values', RUN))).to.deep.equal(['1-7']);
    await files.removeRun(RUN);
    await files.removeRun(RUN);
    expect(await files.runs()).to.deep.equal(['other']);
  });

  it('know how much they take without a look at the disk: what was there, what comes, goes, is written over or set aside', async () => {
    const onDisk = async (): Promise<number> => {
      const paths = await readdir(join(base, 'values'), { recursive: true });
      const found = await Promise.all(paths.map((path) => stat(join(base, 'values', path))));
      return found.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
    };
    const seen: number[] = [];
    const look = async (): Promise<void> => {
      expect(files.bytes).to.equal(await onDisk());
      seen.push(files.bytes);
    };
    const stamp = await files.write(named(), [bytes(70, 1)], false);
    await files.write(named(), [bytes(80, 1)], true);
    for (const index of [1, 2, 3]) await files.write(named({ index, runId: 'other' }), [bytes(100, index)], false);
    await look();
    files = new ValueFiles(base);
    await writeFile(join(base, 'values', RUN, '1-9.x.new'), 'half');
    await files.takeStock();
    await look();
    await files.read(named(), stamp);
    await look();
    await files.removeOthers('other', [named({ index: 2, runId: 'other' })]);
    await look();
    await files.remove(named({ index: 2, runId: 'other' }));
    await files.remove(named({ index: 2, runId: 'other' }));
    await look();
    await files.removeRun(RUN);
    await look();
    expect(seen).to.deep.equal([380, 380, 380, 180, 80, 0]);
  });

  it('reject with the reason where they cannot be written, and leave nothing', async () => {
    await writeFile(join(base, 'values'), 'no folder');
    expect(await caught(files.write(named(), [bytes(10, 1)], true))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
  });
});
