import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readShelfStats } from '../../../lib/journal/index.js';
import { openSqlite } from '../../../lib/journal/sqlite/sqlite-connection.js';
import { caught } from '../../support/caught.js';
import { smallDisk } from '../../support/small-disk.js';
import { bytesOf, filesIn, large, shelfIn, small } from './shelf-place.js';

const KIB = 1024;

describe('a shelf whose database is harmed', () => {
  let folder: string;
  const database = (): string => join(folder, 'remembered.db');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-harmed-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Fills a shelf, harms its file, and says what comes of it. */
  async function afterHarm(harm: (bytes: Buffer) => Buffer) {
    const before = await shelfIn(folder);
    const all = Array.from({ length: 200 }, (_, at) => at);
    await Promise.all(all.map((at) => before.shelf.remember(`key ${at}`, small(at, 2_000))));
    const file = (await before.shelf.writeFile([bytesOf(100 * KIB, 1)], true))!;
    await before.close();
    await writeFile(database(), harm(await readFile(database())));
    const { shelf, lines, close } = await shelfIn(folder);
    const results = await Promise.all(all.map((at) => shelf.find(`key ${at}`, 0)));
    for (const [at, result] of results.entries()) if (result) expect(result.held).to.deep.equal({ packed: bytesOf(2_000, at) });
    const found = results.filter((result) => result !== undefined).length;
    expect(await shelf.remember('new', small(1))).to.equal(true);
    expect((await shelf.find('new', 0))?.held).to.deep.equal({ packed: bytesOf(100, 1) });
    const isFileThere = (await shelf.openFile(file)) !== undefined;
    await close();
    return { found, isFileThere, messages: lines.map(({ message }) => message) };
  }

  const SET_ASIDE = 'what was remembered is damaged: it is set aside, and nothing is remembered any more';

  for (const [what, harm] of [
    ['is no database', (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
    [
      'has a first page that is none',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(3_996), bytes.subarray(4_096)]),
    ],
    ['is cut off', (bytes: Buffer) => bytes.subarray(0, 3 * 4_096)],
    ['has pages of zeros', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096)])],
  ] as const) {
    it(`is set aside when it ${what}; files are kept, as others may have them`, async () => {
      const after = await afterHarm(harm);
      expect(after.messages).to.deep.equal([SET_ASIDE]);
      expect(after).to.include({ found: 0, isFileThere: true });
      expect(existsSync(`${database()}.damaged`)).to.equal(true);
    });
  }

  it('never gives a value that is not what was remembered, whatever page is overwritten', async () => {
    for (const page of [2, 5, 20, 60]) {
      await rm(folder, { recursive: true });
      await afterHarm((bytes) => {
        const harmed = Buffer.from(bytes);
        for (let at = page * 4_096 + 50; at < (page + 1) * 4_096 && at < harmed.length; at += 97) harmed[at]! ^= 0x55;
        return harmed;
      });
    }
  });

  it('is empty when it is gone; files are kept, as others may have them', async () => {
    const after = await afterHarm((bytes) => bytes.subarray(0, 0));
    expect(after).to.deep.equal({ found: 0, isFileThere: true, messages: [] });
  });

  it('misses an entry that was changed, and forgets it', async () => {
    const before = await shelfIn(folder);
    for (const key of ['a', 'b', 'c']) await before.shelf.remember(key, small(1));
    await before.close();
    const harmed = await openSqlite(database());
    harmed.query(`UPDATE entries SET packed = zeroblob(100) WHERE key = 'a'`);
    harmed.query(`UPDATE entries SET digest = 'other' WHERE key = 'b'`);
    harmed.close();
    const { shelf, lines, close } = await shelfIn(folder);
    expect(await shelf.find('a', 0)).to.equal(undefined);
    expect(await shelf.find('b', 0)).to.equal(undefined);
    expect(await shelf.find('c', 0)).to.not.equal(undefined);
    expect(shelf.stats.entries).to.equal(1);
    expect(lines.map(({ message }) => message)).to.deep.equal([
      'a remembered result is damaged: it is forgotten',
      'a remembered result is damaged: it is forgotten',
    ]);
    await close();
  });

  it('of another version is forgotten with its files by a node, and refused by one that only reads', async () => {
    const before = await shelfIn(folder);
    await before.shelf.remember('k', large((await before.shelf.writeFile([bytesOf(100 * KIB, 1)], false))!));
    await before.close();
    const other = await openSqlite(database());
    other.query('UPDATE shelf SET version = 99');
    other.close();
    expect(await caught(readShelfStats(folder))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'version' });
    const { shelf, close } = await shelfIn(folder);
    expect(await shelf.find('k', 0)).to.equal(undefined);
    expect(await filesIn(folder)).to.deep.equal([]);
    expect(await shelf.remember('k', small(1))).to.equal(true);
    expect(await readShelfStats(folder)).to.include({ entries: 1 });
    await close();
  });
});

describe('a shelf whose folder goes away while its node uses it', () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-shelf-gone-'));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  it('finds and remembers nothing, says so once, makes no folder, and goes on where it was when it is put back', async () => {
    const folder = join(base, 'data');
    const away = join(base, 'away');
    const { shelf, lines, close } = await shelfIn(folder);
    expect(await shelf.remember('before', small(1))).to.equal(true);
    await rename(folder, away);
    const refused = async (): Promise<void> => {
      expect(await shelf.find('before', 0)).to.equal(undefined);
      expect(await shelf.remember('meanwhile', small(2))).to.equal(false);
      expect(await shelf.writeFile([bytesOf(100 * KIB, 1)], true)).to.equal(undefined);
    };
    await refused();
    expect(existsSync(folder)).to.equal(false);
    await mkdir(folder);
    await writeFile(join(folder, 'remembered.db'), '');
    await refused();
    expect(lines.map(({ message }) => message)).to.deep.equal(['cannot remember results']);
    await rm(folder, { recursive: true });
    await rename(away, folder);
    expect(await shelf.find('before', 0)).to.not.equal(undefined);
    expect(await shelf.find('meanwhile', 0)).to.equal(undefined);
    expect(await shelf.remember('after', small(3))).to.equal(true);
    await close();
    expect(await readShelfStats(folder)).to.include({ entries: 2 });
  });
});

describe('a shelf on a full disk', () => {
  let disk: NonNullable<Awaited<ReturnType<typeof smallDisk>>>;

  before(async function () {
    const made = await smallDisk(4_096);
    if (!made) {
      console.log('    no file system can be mounted here');
      return this.skip();
    }
    disk = made;
  });
  after(() => disk?.remove());

  it('remembers no more, says so once, still finds, and remembers again when there is room', async () => {
    const folder = join(disk.path, 'data');
    const filler = join(disk.path, 'filler');
    const { shelf, lines, close } = await shelfIn(folder, 1 << 30);
    expect(await shelf.remember('first', small(1))).to.equal(true);
    const kept = (await shelf.writeFile([bytesOf(100 * KIB, 1)], true))!;
    await writeFile(filler, new Uint8Array(8 << 20)).catch(() => {});
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => shelf.remember(`key ${at}`, small(1, 60 * KIB))));
    expect(answers).to.include(false);
    expect(await shelf.writeFile([bytesOf(200 * KIB, 2)], false)).to.equal(undefined);
    expect(await shelf.writeFile([bytesOf(200 * KIB, 3)], false)).to.equal(undefined);
    expect((await shelf.find('first', 0))?.held).to.deep.equal({ packed: bytesOf(100, 1) });
    expect(await shelf.openFile(kept)).to.not.equal(undefined);
    expect(lines.map(({ message }) => message)).to.have.members(['cannot remember results', 'cannot remember a large result']);
    expect(await filesIn(folder)).to.have.length(1);
    await rm(filler);
    expect(await shelf.remember('later', small(2))).to.equal(true);
    const later = await shelf.writeFile([bytesOf(200 * KIB, 2)], false);
    expect(await shelf.remember('large', large(later!))).to.equal(true);
    await close();
    const again = await shelfIn(folder, 1 << 30);
    for (const key of ['first', 'later', 'large']) expect(await again.shelf.find(key, 0), key).to.not.equal(undefined);
    await again.close();
  });

  it('is one that remembers nothing where it cannot even be made, and begins when there is room', async () => {
    const folder = join(disk.path, 'other');
    const filler = join(disk.path, 'filler');
    const { shelf, lines, close } = await shelfIn(folder);
    await writeFile(filler, new Uint8Array(8 << 20)).catch(() => {});
    expect(await shelf.find('k', 0)).to.equal(undefined);
    expect(await shelf.remember('k', small(1))).to.equal(false);
    expect(lines.map(({ message }) => message)).to.deep.equal(['cannot remember results']);
    await rm(filler);
    expect(await shelf.remember('k', small(1))).to.equal(true);
    await close();
  });
});
