import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RememberedFile, RememberedShelf } from '../../../lib/journal/index.js';
import { caught } from '../../support/caught.js';
import { bytesOf, contentOf, filesIn, large, pathOf, type ShelfPlace, shelfIn, small } from './shelf-place.js';

const KIB = 1024;

describe('a shelf of remembered results', () => {
  let folder: string;
  let place: ShelfPlace;
  let shelf: RememberedShelf;

  const open = async (limitBytes?: number): Promise<void> => {
    place = await shelfIn(folder, limitBytes, place?.clock);
    ({ shelf } = place);
  };
  const reopen = async (limitBytes?: number): Promise<void> => {
    await place.close();
    await open(limitBytes);
  };
  const written = async (bytes: Uint8Array, isForOther = false): Promise<RememberedFile> => (await shelf.writeFile([bytes], isForOther))!;
  const isFound = async (key: string): Promise<boolean> => (await shelf.find(key, 0)) !== undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-shelf-'));
    await open();
  });
  afterEach(async () => {
    await place.close();
    await rm(folder, { recursive: true });
  });

  describe('with results in entries', () => {
    it('finds what was remembered, with its digest and when that was, and nothing else', async () => {
      place.clock.advance(1_000);
      expect(await shelf.remember('k', small(7))).to.equal(true);
      const found = await shelf.find('k', 0);
      expect(found).to.deep.equal({ digest: 'digest 7', madeAtMs: place.clock.wallNow(), held: { packed: bytesOf(100, 7) } });
      expect(await shelf.find('other', 0)).to.equal(undefined);
    });

    it('finds it again when it is opened again', async () => {
      await shelf.remember('k', small(7));
      await reopen();
      expect((await shelf.find('k', 0))?.held).to.deep.equal({ packed: bytesOf(100, 7) });
      expect(shelf.stats.entries).to.equal(1);
    });

    it('has the latest in place of the one before', async () => {
      await shelf.remember('k', small(1));
      await shelf.remember('k', small(2));
      expect((await shelf.find('k', 0))?.held).to.deep.equal({ packed: bytesOf(100, 2) });
      expect(shelf.stats.entries).to.equal(1);
    });

    it('passes by what is older than the reader wants, and leaves it to others', async () => {
      await shelf.remember('k', small(1));
      const madeAtMs = place.clock.wallNow();
      place.clock.advance(60_000);
      expect(await shelf.find('k', madeAtMs + 1)).to.equal(undefined);
      expect(await shelf.find('k', madeAtMs)).to.include({ madeAtMs });
      expect(shelf.stats.hits).to.equal(1);
    });

    it('keeps what was given, not what becomes of it', async () => {
      const memory = new Uint8Array(1_000);
      const packed = memory.subarray(100, 200);
      const remembering = shelf.remember('k', { digest: 'd', held: { packed } });
      memory.fill(1);
      await remembering;
      expect((await shelf.find('k', 0))?.held).to.deep.equal({ packed: bytesOf(100, 0) });
    });

    it('answers the calls of one turn in their order', async () => {
      const answers = await Promise.all([
        shelf.find('k', 0),
        shelf.remember('k', small(1)),
        shelf.find('k', 0),
        shelf.clear(),
        shelf.find('k', 0),
      ]);
      expect(answers.map((answer) => (typeof answer === 'object' ? 'found' : answer))).to.deep.equal([
        undefined,
        true,
        'found',
        true,
        undefined,
      ]);
    });

    it('counts entries, bytes and hits, also from one opening to the next', async () => {
      await shelf.remember('a', small(1, 1_000));
      await shelf.remember('b', small(2, 2_000));
      for (const key of ['a', 'a', 'b', 'c']) await shelf.find(key, 0);
      const before = shelf.stats;
      expect(before).to.include({ entries: 2, hits: 3 });
      expect(before.bytes).to.be.within(3_000, 5_000);
      await reopen();
      await shelf.find('none', 0);
      expect(shelf.stats).to.deep.equal(before);
    });

    it('has them in order of use: what was used least recently goes first', async () => {
      await reopen(64 * KIB);
      for (const key of ['a', 'b', 'c', 'd']) await shelf.remember(key, small(1, 12 * KIB));
      await shelf.find('a', 0);
      await shelf.find('c', 0);
      await shelf.remember('e', small(1, 30 * KIB));
      expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(isFound))).to.deep.equal([true, false, true, false, true]);
      expect(shelf.stats.bytes).to.be.at.most(64 * KIB);
    });

    it('lets the oldest use go where all that is older than the newest entry was used since it was made', async () => {
      await reopen(64 * KIB);
      for (const key of ['a', 'b', 'c']) await shelf.remember(key, small(1, 14 * KIB));
      for (const key of ['a', 'b', 'c']) await shelf.find(key, 0);
      await shelf.remember('d', small(1, 14 * KIB));
      await shelf.remember('e', small(1, 14 * KIB));
      expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(isFound))).to.deep.equal([false, true, true, true, true]);
    });

    it('keeps the order of use from one opening to the next, and a smaller bound', async () => {
      for (const key of ['a', 'b', 'c', 'd']) await shelf.remember(key, small(1, 12 * KIB));
      await shelf.find('a', 0);
      await reopen(30 * KIB);
      expect(await Promise.all(['a', 'b', 'c', 'd'].map(isFound))).to.deep.equal([true, false, false, true]);
    });

    it('does not remember what is larger than its bound, and keeps the rest', async () => {
      await reopen(32 * KIB);
      await shelf.remember('a', small(1, 1_000));
      expect(await shelf.remember('b', small(2, 40 * KIB))).to.equal(false);
      expect(await isFound('a')).to.equal(true);
      expect(await isFound('b')).to.equal(false);
    });

    it('remembers nothing where there is to be nothing', async () => {
      await reopen(0);
      expect(await shelf.remember('a', small(1))).to.equal(false);
      expect(await shelf.writeFile([bytesOf(100, 1)], false)).to.equal(undefined);
      expect(await isFound('a')).to.equal(false);
    });
  });

  describe('with large values in files', () => {
    it('gives the bytes with the hit, and reads them only when they are wanted', async () => {
      const bytes = bytesOf(200 * KIB, 7);
      const file = (await shelf.writeFile([bytes.subarray(0, 1_000), bytes.subarray(1_000)], false))!;
      expect(file).to.deep.equal({ dataDir: shelf.dataDir, contentDigest: contentOf(bytes), sizeBytes: bytes.length });
      expect(await shelf.remember('k', large(file))).to.equal(true);
      const held = (await shelf.find('k', 0))!.held as { bytes: { read(): Promise<Uint8Array>; readNow(): Uint8Array } };
      expect(Buffer.compare(await held.bytes.read(), bytes)).to.equal(0);
      expect(Buffer.compare(held.bytes.readNow(), bytes)).to.equal(0);
      expect((await stat(pathOf(folder, file))).mode & 0o777).to.equal(0o600);
    });

    it('shares a file among entries of equal content, and deletes it with the last one', async () => {
      const file = await written(bytesOf(100 * KIB, 1));
      await shelf.remember('a', large(file));
      expect(await written(bytesOf(100 * KIB, 1))).to.deep.equal(file);
      await shelf.remember('b', large(file));
      expect(await filesIn(folder)).to.have.length(1);
      expect(shelf.stats.bytes).to.be.within(100 * KIB, 110 * KIB);
      await shelf.remember('a', small(1));
      expect(await isFound('b')).to.equal(true);
      await shelf.remember('b', small(1));
      expect(await filesIn(folder)).to.deep.equal([]);
    });

    it('keeps the file of an entry that is made anew with the same content', async () => {
      const file = await written(bytesOf(100 * KIB, 1));
      await shelf.remember('a', large(file));
      expect(await shelf.remember('a', large(file))).to.equal(true);
      expect(await isFound('a')).to.equal(true);
    });

    it('keeps files for others, without an entry here, from one opening to the next', async () => {
      const file = await written(bytesOf(100 * KIB, 1), true);
      await reopen();
      const bytes = await shelf.openFile(file);
      expect((await bytes?.read())?.length).to.equal(100 * KIB);
      await shelf.remember('k', large(file));
      await shelf.remember('k', small(1));
      expect(await shelf.openFile(file)).to.not.equal(undefined);
    });

    it('counts files for others, and lets go what was used least recently of both kinds', async () => {
      await reopen(400 * KIB);
      const a = await written(bytesOf(100 * KIB, 1), true);
      const b = await written(bytesOf(100 * KIB, 2), true);
      const c = await written(bytesOf(100 * KIB, 3));
      await shelf.remember('c', large(c));
      await shelf.openFile(a);
      await written(bytesOf(150 * KIB, 4), true);
      expect(await shelf.openFile(b)).to.equal(undefined);
      expect(await shelf.openFile(a)).to.not.equal(undefined);
      expect(await isFound('c')).to.equal(true);
      expect(await filesIn(folder)).to.have.length(3);
    });

    it('lets an entry go with its file', async () => {
      await reopen(400 * KIB);
      await shelf.remember('a', large(await written(bytesOf(200 * KIB, 1))));
      await shelf.remember('b', large(await written(bytesOf(300 * KIB, 2))));
      expect(await isFound('a')).to.equal(false);
      expect(await isFound('b')).to.equal(true);
      expect(shelf.stats.entries).to.equal(1);
      expect(await filesIn(folder)).to.have.length(1);
    });

    it('has room before it writes: the files are never more than the bound', async () => {
      await reopen(400 * KIB);
      await shelf.remember('a', large(await written(bytesOf(300 * KIB, 1))));
      const [one, two] = await Promise.all([written(bytesOf(250 * KIB, 2)), written(bytesOf(250 * KIB, 3))]);
      expect([one, two].filter((file) => file !== undefined)).to.have.length(1);
      expect(await isFound('a')).to.equal(false);
      expect(await filesIn(folder)).to.have.length(1);
    });

    it('lets a file that is being read be read to its end', async () => {
      const bytes = bytesOf(3_000 * KIB, 5);
      await reopen(4_000 * KIB);
      const reader = (await shelf.openFile(await written(bytes, true)))!.reader();
      const first = await reader.read(KIB);
      await shelf.clear();
      expect(await filesIn(folder)).to.deep.equal([]);
      let length = first.length;
      for (let more = await reader.read(1_000 * KIB); more.length > 0; more = await reader.read(1_000 * KIB)) length += more.length;
      expect(length).to.equal(bytes.length);
      reader.close();
    });

    it('takes a file of another folder as it is, and opens it not', async () => {
      const file = { dataDir: 'elsewhere', contentDigest: contentOf(bytesOf(100 * KIB, 1)), sizeBytes: 100 * KIB };
      expect(await shelf.remember('k', large(file))).to.equal(true);
      expect((await shelf.find('k', 0))?.held).to.deep.equal({ file });
      expect(await shelf.openFile(file)).to.equal(undefined);
    });

    it('does not remember a file that has gone', async () => {
      const file = await written(bytesOf(100 * KIB, 1));
      await shelf.clear();
      expect(await shelf.remember('k', large(file))).to.equal(false);
    });
  });

  describe('with damage', () => {
    it('misses a file that is gone or short, and forgets it', async () => {
      for (const harm of [(path: string) => rm(path), (path: string) => writeFile(path, 'short')]) {
        const file = await written(bytesOf(100 * KIB, 1));
        await shelf.remember('k', large(file));
        await harm(pathOf(folder, file));
        expect(await isFound('k')).to.equal(false);
        expect(await shelf.openFile(file)).to.equal(undefined);
        expect(shelf.stats).to.include({ entries: 0, bytes: 0 });
      }
      expect(place.lines.map(({ message }) => message)).to.deep.equal([
        'the file of a remembered result is not whole: it is forgotten',
        'the file of a remembered result is not whole: it is forgotten',
      ]);
    });

    it('refuses a file that is not what its name says when it is read, and misses it from then on', async () => {
      const file = await written(bytesOf(100 * KIB, 1));
      await shelf.remember('k', large(file));
      const path = pathOf(folder, file);
      const bytes = await readFile(path);
      bytes[5_000]! ^= 1;
      await writeFile(path, bytes);
      const held = (await shelf.find('k', 0))!.held as { bytes: { read(): Promise<Uint8Array> } };
      expect(await caught(held.bytes.read())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'damaged' });
      expect(await isFound('k')).to.equal(false);
      expect(await filesIn(folder)).to.deep.equal([]);
      expect(place.lines.map(({ message }) => message)).to.deep.equal(['the file of a remembered result is damaged: it is forgotten']);
    });

    it('writes a file anew that is gone while it is known', async () => {
      const file = await written(bytesOf(100 * KIB, 1));
      await shelf.remember('k', large(file));
      await rm(pathOf(folder, file));
      expect(await written(bytesOf(100 * KIB, 1))).to.deep.equal(file);
      expect(await isFound('k')).to.equal(true);
    });
  });

  it('forgets everything when it is cleared, files for others too, and goes on', async () => {
    await shelf.remember('a', small(1));
    await shelf.find('a', 0);
    await shelf.remember('b', large(await written(bytesOf(100 * KIB, 1))));
    await written(bytesOf(100 * KIB, 2), true);
    await shelf.clear();
    expect(shelf.stats).to.deep.equal({ entries: 0, bytes: 0, hits: 0 });
    expect(await filesIn(folder)).to.deep.equal([]);
    expect(await isFound('a')).to.equal(false);
    await shelf.remember('a', small(2));
    expect(await isFound('a')).to.equal(true);
  });

  it('answers as one that has nothing once it is closed, and what is under way is written', async () => {
    const writing = shelf.writeFile([bytesOf(100 * KIB, 1)], true);
    const remembering = shelf.remember('k', small(1));
    await shelf.close();
    expect(await remembering).to.equal(true);
    expect(await writing).to.not.equal(undefined);
    expect(await shelf.remember('other', small(1))).to.equal(false);
    expect(await shelf.find('k', 0)).to.equal(undefined);
    expect(await shelf.writeFile([bytesOf(100 * KIB, 2)], false)).to.equal(undefined);
    await shelf.close();
  });

  it('needs no thread and no database where nothing was ever asked', async () => {
    await reopen();
    expect(await stat(join(folder, 'remembered.db')).catch(() => undefined)).to.equal(undefined);
    expect(shelf.stats).to.deep.equal({ entries: 0, bytes: 0, hits: 0 });
  });
});
