import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Clock, silentLogger, systemClock } from '../../lib/base/index.js';
import { openSpillDisk, type SpillDisk, type SpilledBytes } from '../../lib/store/index.js';
import { SimulatedDisk } from '../../lib/testing/simulation/simulated-disk.js';
import { isJoined, sharedBytes, someBytes } from '../support/bytes.js';
import { caught } from '../support/caught.js';
import { FakeDisk } from '../support/fake-disk.js';
import { testClock } from '../support/test-clock.js';

const MIB = 1 << 20;
/** All that is to come later comes in the next turn. */
const hasty: Clock = { ...systemClock, after: (_delayMs, action) => ({ cancel: clearImmediate.bind(undefined, setImmediate(action)) }) };

interface Place {
  /** Where its files are, if it has any. */
  readonly folder?: string;
  open(limitBytes?: number): Promise<SpillDisk>;
  remove(): Promise<void>;
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  'a data dir': async () => {
    const dataDirPath = await mkdtemp(join(tmpdir(), 'handoff-laws-'));
    const own = { logger: silentLogger, clock: testClock() };
    return {
      folder: dataDirPath,
      open: (limitBytes) => openSpillDisk({ dataDirPath, limitBytes, ...own }),
      remove: () => rm(dataDirPath, { recursive: true }),
    };
  },
  'the folder for temporary files': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'handoff-laws-'));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    return {
      folder,
      open: (limitBytes) => openSpillDisk({ limitBytes, logger: silentLogger, clock: testClock() }),
      async remove() {
        if (before === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = before;
        await rm(folder, { recursive: true });
      },
    };
  },
  'that of a simulation': async () => ({
    open: async (limitBytes = Number.MAX_SAFE_INTEGER) =>
      new SimulatedDisk({ clock: hasty, random: () => 0.5, isHarmed: false, mostBytes: limitBytes }),
    remove: async () => {},
  }),
  'a fake for specs': async () => ({ open: async (limitBytes) => new FakeDisk(limitBytes), remove: async () => {} }),
};

for (const [name, make] of Object.entries(places)) {
  describe(`a disk for spilled values: ${name}`, () => {
    let place: Place;
    const opened: SpillDisk[] = [];
    beforeEach(async () => {
      place = await make();
    });
    afterEach(async () => {
      for (const disk of opened.splice(0)) await disk.close();
      await place.remove();
    });

    async function open(limitBytes?: number): Promise<SpillDisk> {
      const disk = await place.open(limitBytes);
      opened.push(disk);
      return disk;
    }

    const filesOf = async (): Promise<string[]> => {
      const found = place.folder ? await readdir(place.folder, { recursive: true, withFileTypes: true }) : [];
      return found.filter((one) => one.isFile()).map((one) => one.name);
    };

    async function allOf(value: SpilledBytes, most: number): Promise<Uint8Array> {
      const reader = value.reader();
      const chunks: Uint8Array[] = [];
      for (let chunk = await reader.read(most); chunk.length > 0; chunk = await reader.read(most)) chunks.push(chunk);
      reader.close();
      reader.close();
      return Buffer.concat(chunks);
    }

    /** Small and large ones, in one part and in several, in memory of both kinds. */
    const values: readonly (readonly Uint8Array[])[] = [
      [someBytes(1_024)],
      [someBytes(9), sharedBytes(100_000, 2), someBytes(3, 3)],
      [sharedBytes(MIB - 1, 4)],
      [sharedBytes(MIB, 5)],
      [someBytes(5 * MIB + 1, 6)],
      [someBytes(20, 7), sharedBytes(4 * MIB, 8)],
    ];

    it('returns what was written: whole, at once, in chunks and in ranges', async () => {
      const disk = await open();
      const written = await Promise.all(values.map((parts) => disk.write(parts)));
      for (const [at, value] of written.entries()) {
        const parts = values[at]!;
        const whole = Buffer.concat(parts);
        expect(value.sizeBytes).to.equal(whole.length);
        expect(isJoined(await value.read(), parts), `whole ${at}`).to.equal(true);
        expect(isJoined(value.readNow(), parts), `at once ${at}`).to.equal(true);
        expect(isJoined(await allOf(value, 300_001), parts), `in chunks ${at}`).to.equal(true);
        for (const [from, to] of [
          [0, 1],
          [whole.length - 1, whole.length],
          [whole.length >> 2, whole.length >> 1],
          [0, whole.length],
        ] as const) {
          const range = await value.readRange(from, to);
          expect(isJoined(range, [whole.subarray(from, to)]), `range ${from}-${to} of ${at}`).to.equal(true);
          expect(range.byteLength).to.equal(range.buffer.byteLength);
        }
      }
    });

    it('counts the bytes that it holds, and is empty when all values are dropped', async () => {
      const disk = await open(100 * MIB);
      expect([disk.usedBytes, disk.freeBytes]).to.deep.equal([0, 100 * MIB]);
      const written = await Promise.all(values.map((parts) => disk.write(parts)));
      const sum = written.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
      expect(disk.usedBytes).to.equal(sum);
      expect(disk.freeBytes).to.equal(100 * MIB - sum);
      for (const value of [...written, ...written]) value.drop();
      await disk.close();
      expect(disk.usedBytes).to.equal(0);
    });

    it('refuses what does not fit into its bound, takes what does, and says when there is room again', async () => {
      const disk = await open(3 * MIB);
      const rooms: number[] = [];
      const room = new Promise<void>((resolve) => {
        disk.onRoom = () => {
          rooms.push(disk.freeBytes);
          resolve();
        };
      });
      const first = await disk.write([sharedBytes(2 * MIB)]);
      for (const parts of [[sharedBytes(2 * MIB)], [someBytes(MIB), someBytes(MIB)]]) {
        expect(await caught(disk.write(parts))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
      }
      expect(disk.usedBytes).to.equal(2 * MIB);
      const second = await disk.write([sharedBytes(MIB)]);
      expect(disk.freeBytes).to.equal(0);
      first.drop();
      await room;
      expect(rooms).to.deep.equal([2 * MIB]);
      expect(isJoined(await second.read(), [sharedBytes(MIB)])).to.equal(true);
      expect((await disk.write([sharedBytes(2 * MIB)])).sizeBytes).to.equal(2 * MIB);
    });

    it('has no value any more that was dropped', async () => {
      const disk = await open();
      const [small, large] = await Promise.all([disk.write([someBytes(2_000)]), disk.write([sharedBytes(2 * MIB)])]);
      small!.drop();
      large!.drop();
      await disk.close();
      expect(await caught(large!.read())).to.include({ reason: 'damaged' });
      expect(await filesOf()).to.deep.equal([]);
    });

    it('leaves no file when it is closed, refuses everything then, and has forgotten its values', async () => {
      const disk = await open();
      const written = await Promise.all(values.map((parts) => disk.write(parts)));
      if (place.folder) expect(await filesOf()).to.not.deep.equal([]);
      await disk.close();
      await disk.close();
      expect(await filesOf()).to.deep.equal([]);
      expect(await caught(disk.write([someBytes(2_000)]))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
      expect(disk.freeBytes).to.equal(0);
      for (const value of written) expect(await caught(value.read())).to.include({ reason: 'damaged' });
    });

    it('is closed when everything is written and read that was begun', async () => {
      const disk = await open();
      const ended: string[] = [];
      const value = await disk.write([sharedBytes(2 * MIB)]);
      const reading = value.read().then((bytes) => ended.push(`read ${bytes.length}`));
      const writing = disk.write([sharedBytes(3 * MIB)]).then(({ sizeBytes }) => ended.push(`written ${sizeBytes}`));
      await disk.close();
      await Promise.all([reading, writing]);
      expect(ended).to.have.members([`read ${2 * MIB}`, `written ${3 * MIB}`]);
      expect(await filesOf()).to.deep.equal([]);
    });

    it('keeps values readable that are needed after its end, in whichever way, and leaves no file of them', async () => {
      const disk = await open();
      const written = await Promise.all(values.map((parts) => disk.write(parts)));
      for (const value of [...written, ...written]) value.keepReadable();
      for (const [at, value] of written.entries()) expect(isJoined(await value.read(), values[at]!), `before ${at}`).to.equal(true);
      const later = await disk.write([someBytes(3_000)]);
      await disk.close();
      expect(await filesOf()).to.deep.equal([]);
      expect(await caught(later.read())).to.include({ reason: 'damaged' });
      for (const [at, value] of written.entries()) {
        expect(isJoined(await value.read(), values[at]!), `whole ${at}`).to.equal(true);
        expect(isJoined(value.readNow(), values[at]!), `at once ${at}`).to.equal(true);
        expect(isJoined(await allOf(value, 300_001), values[at]!), `in chunks ${at}`).to.equal(true);
        value.drop();
      }
    });
  });
}
