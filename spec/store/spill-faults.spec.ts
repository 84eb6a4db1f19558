import { execFileSync } from 'node:child_process';
import { mkdtemp, open as openFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openSpillDisk, type SpillDisk, type SpilledBytes } from '../../lib/store/index.js';
import { isJoined, sharedBytes, someBytes } from '../support/bytes.js';
import { caught } from '../support/caught.js';
import { smallDisk } from '../support/small-disk.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';

const MIB = 1 << 20;

type Opened = { readonly disk: SpillDisk; readonly clock: ReturnType<typeof testClock>; readonly logger: ReturnType<typeof spyLogger> };

async function openAt(dataDirPath: string, limitBytes?: number): Promise<Opened> {
  const [clock, logger] = [testClock(), spyLogger()];
  return { disk: await openSpillDisk({ dataDirPath, limitBytes, clock, logger }), clock, logger };
}

const roomOf = (disk: SpillDisk): Promise<void> =>
  new Promise((resolve) => {
    disk.onRoom = resolve;
  });

/** The files of values, with their sizes. */
async function filesOf(path: string): Promise<{ readonly path: string; readonly size: number }[]> {
  const found = await readdir(join(path, 'spill'), { recursive: true, withFileTypes: true });
  const paths = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return Promise.all(paths.map(async (one) => ({ path: one, size: (await stat(one)).size })));
}

const sumOf = async (path: string): Promise<number> => (await filesOf(path)).reduce((sum, { size }) => sum + size, 0);

describe('a full disk for spilled values', () => {
  let small: NonNullable<Awaited<ReturnType<typeof smallDisk>>>;
  beforeEach(async function () {
    const made = await smallDisk(4_096);
    if (!made) return this.skip();
    small = made;
  });
  afterEach(() => small?.remove());

  const remount = (how: string): void => void execFileSync('mount', ['-o', `remount,${how}`, small.path]);

  for (const [what, size] of [
    ['values with files of their own', 1_300_000],
    ['values that share files', 700_000],
  ] as const) {
    it(`refuses ${what}, leaves nothing of them, and takes them when one is dropped`, async () => {
      const { disk, logger } = await openAt(small.path, 100 * MIB);
      const values: SpilledBytes[] = [];
      const fill = async (): Promise<void> => {
        for (let at = 0; at < 10; at += 1) values.push(await disk.write([sharedBytes(size, values.length)]));
      };
      const room = roomOf(disk);
      expect(await caught(fill())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
      expect(values.length).to.be.above(2);
      expect(disk.freeBytes).to.equal(0);
      expect(disk.usedBytes).to.equal(values.length * size);
      expect(await sumOf(small.path)).to.equal(values.length * size);
      expect(await caught(disk.write([sharedBytes(size)]))).to.include({ reason: 'full' });
      expect(logger.lines.map(({ level, fields }) => [level, fields.reason])).to.deep.equal([['warn', 'full']]);
      for (const [at, value] of values.entries()) expect(isJoined(await value.read(), [sharedBytes(size, at)])).to.equal(true);
      for (const value of values.splice(0)) value.drop();
      await room;
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info']);
      expect(disk.freeBytes).to.be.above(90 * MIB);
      expect(isJoined(await (await disk.write([sharedBytes(size)])).read(), [sharedBytes(size)])).to.equal(true);
      await disk.close();
    });
  }

  it('takes values again, within a second of the time when others made room', async () => {
    const { disk, clock, logger } = await openAt(small.path, 100 * MIB);
    await writeFile(join(small.path, 'filler'), new Uint8Array(3 * MIB));
    expect(await caught(disk.write([sharedBytes(2 * MIB)]))).to.include({ reason: 'full' });
    expect(clock.pending).to.equal(1);
    await rm(join(small.path, 'filler'));
    const room = roomOf(disk);
    clock.advance(999);
    expect([disk.freeBytes, clock.pending]).to.deep.equal([0, 1]);
    clock.advance(1);
    await room;
    expect(disk.freeBytes).to.equal(100 * MIB);
    expect(clock.pending).to.equal(0);
    expect((await disk.write([sharedBytes(2 * MIB)])).sizeBytes).to.equal(2 * MIB);
    expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info']);
    await disk.close();
  });

  it('asks again each second while it is full, and says so once', async () => {
    const { disk, clock, logger } = await openAt(small.path, 100 * MIB);
    await writeFile(join(small.path, 'filler'), new Uint8Array(3 * MIB));
    expect(await caught(disk.write([sharedBytes(2 * MIB)]))).to.include({ reason: 'full' });
    for (let round = 0; round < 3; round += 1) {
      clock.advance(1_000);
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(disk.freeBytes).to.equal(0);
    expect(logger.lines).to.have.length(1);
    await disk.close();
    expect(clock.pending).to.equal(0);
  });

  it('refuses values as full where it has no room for a folder either', async () => {
    const { disk, clock } = await openAt(small.path, 100 * MIB);
    // Its own root is the only one.
    remount('nr_inodes=1');
    expect(await caught(disk.write([someBytes(2_000)]))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
    expect(disk.usedBytes).to.equal(0);
    remount('nr_inodes=100');
    const room = roomOf(disk);
    clock.advance(1_000);
    await room;
    expect((await disk.write([someBytes(2_000)])).sizeBytes).to.equal(2_000);
    await disk.close();
  });

  it('refuses values as not writable where it may only be read, until it may be written', async () => {
    const { disk, clock, logger } = await openAt(small.path, 100 * MIB);
    remount('ro');
    expect(await caught(disk.write([someBytes(2_000)]))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    expect(await caught(disk.write([someBytes(2_000)]))).to.include({ reason: 'not-writable' });
    expect(disk.freeBytes).to.equal(0);
    expect(logger.lines.map(({ level, fields }) => [level, fields.reason])).to.deep.equal([['warn', 'not-writable']]);
    remount('rw');
    const room = roomOf(disk);
    clock.advance(1_000);
    await room;
    expect((await disk.write([someBytes(2_000)])).sizeBytes).to.equal(2_000);
    await disk.close();
  });

  it('is bound by 0.9 of what is free at the start', async () => {
    await writeFile(join(small.path, 'filler'), new Uint8Array(MIB));
    const { disk } = await openAt(small.path);
    expect(disk.freeBytes).to.be.within(Math.floor(2.6 * MIB), Math.floor(2.7 * MIB));
    await disk.close();
  });
});

describe('spilled values whose files are harmed', () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-harm-'));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  async function flipByte(path: string, at: number): Promise<void> {
    const file = await openFile(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Uint8Array.of(buffer[0]! ^ 1), 0, 1, at);
    await file.close();
  }

  const harms: Readonly<Record<string, (path: string, size: number) => Promise<void>>> = {
    'cut off': (path, size) => truncate(path, size - 1),
    'changed in one byte': (path, size) => flipByte(path, size - 1),
    deleted: (path) => rm(path),
  };

  async function readToEnd(value: SpilledBytes): Promise<void> {
    const reader = value.reader();
    try {
      while ((await reader.read(500_000)).length > 0);
    } finally {
      reader.close();
    }
  }

  for (const [what, harm] of Object.entries(harms)) {
    for (const size of [3_000, 3 * MIB]) {
      it(`reject as damaged in whichever way they are read, and are logged once: ${size} bytes, ${what}`, async () => {
        const { disk, logger } = await openAt(base);
        const value = await disk.write([sharedBytes(size)]);
        const [file] = await filesOf(base);
        await harm(file!.path, file!.size);
        for (const read of [
          () => value.read(),
          async () => value.readNow(),
          () => readToEnd(value),
          () => value.readRange(size - 10, size),
        ]) {
          expect(await caught(read())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'damaged' });
        }
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn']);
        const other = await disk.write([sharedBytes(size, 2)]);
        expect(isJoined(await other.read(), [sharedBytes(size, 2)])).to.equal(true);
        value.drop();
        other.drop();
        await disk.close();
      });
    }
  }

  it('have whole parts still: a damaged block is no part of other ranges', async () => {
    const { disk } = await openAt(base);
    const value = await disk.write([sharedBytes(3 * MIB)]);
    const [file] = await filesOf(base);
    await flipByte(file!.path, MIB);
    expect(isJoined(await value.readRange(10, MIB), [sharedBytes(3 * MIB).subarray(10, MIB)])).to.equal(true);
    expect(isJoined(await value.readRange(2 * MIB, 3 * MIB), [sharedBytes(3 * MIB).subarray(2 * MIB)])).to.equal(true);
    expect(await caught(value.readRange(MIB - 1, MIB + 1))).to.include({ reason: 'damaged' });
    await disk.close();
  });

  for (const folder of ['their folder', 'the folder of all']) {
    it(`are lost with ${folder}, which is made anew for others`, async () => {
      const { disk, logger } = await openAt(base);
      const lost = [await disk.write([someBytes(3_000, 1)]), await disk.write([sharedBytes(2 * MIB, 2)])];
      const [own] = await readdir(join(base, 'spill'));
      await rm(folder === 'their folder' ? join(base, 'spill', own!) : join(base, 'spill'), { recursive: true });
      const values = await Promise.all([
        disk.write([someBytes(3_000, 3)]),
        disk.write([sharedBytes(2 * MIB, 4)]),
        disk.write([someBytes(9_000, 5)]),
      ]);
      for (const value of lost) expect(await caught(value.read())).to.include({ reason: 'damaged' });
      expect(isJoined(await values[0].read(), [someBytes(3_000, 3)])).to.equal(true);
      expect(isJoined(await values[1].read(), [sharedBytes(2 * MIB, 4)])).to.equal(true);
      expect(isJoined(values[2].readNow(), [someBytes(9_000, 5)])).to.equal(true);
      expect(await readdir(join(base, 'spill'))).to.have.length(1);
      expect(logger.lines.map(({ message }) => message)).to.deep.equal(Array(2).fill('a spilled value is not whole: it counts as lost'));
      for (const value of [...lost, ...values]) value.drop();
      await disk.close();
      expect(disk.usedBytes).to.equal(0);
    });
  }
});
