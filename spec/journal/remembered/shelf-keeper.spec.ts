import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DataDir, readShelfStats } from '../../../lib/journal/index.js';
import { type OpenedShelf, openShelf } from '../../../lib/journal/remembered/opened-shelf.js';
import { besideFolder, ShelfFolder } from '../../../lib/journal/remembered/shelf-folder.js';
import { ShelfKeeper } from '../../../lib/journal/remembered/shelf-keeper.js';
import type { ShelfCall } from '../../../lib/journal/remembered/shelf-messages.js';
import type { SqliteConnection } from '../../../lib/journal/sqlite/sqlite-connection.js';
import { caught } from '../../support/caught.js';
import { bytesOf, contentOf, filesIn, shelfIn, small } from './shelf-place.js';

/** What an entry of 64 bytes takes, as it is counted. */
const EACH_BYTES = 576;
const HOLD = fileURLToPath(new URL('../programs/hold-shelf.ts', import.meta.url));

const remember = (key: string, content = 1): ShelfCall => ({
  name: 'remember',
  from: { key, digest: 'd', madeAtMs: 1, held: { packed: bytesOf(64, content) } },
});
const find = (key: string): ShelfCall => ({ name: 'find', from: { key, madeSinceMs: 0 } });

describe('what keeps a shelf', () => {
  let path: string;
  let opened: OpenedShelf;
  const open = async (limitBytes: number): Promise<void> => {
    opened = await openShelf({ path, dataDir: 'own', limitBytes }, ({ message }) => expect.fail(message));
  };

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'handoff-keeper-'));
  });
  afterEach(async () => {
    opened?.database.close();
    await rm(path, { recursive: true });
  });

  it('walks no table for a call, however many entries there are', async () => {
    await open(1 << 20);
    opened.keeper.perform(Array.from({ length: 100 }, (_, at) => remember(`key ${at}`)));
    const texts = new Set<string>();
    const watched: SqliteConnection = {
      query(text, values) {
        texts.add(text);
        return opened.database.query(text, values);
      },
      close: () => {},
    };
    const deps = { folder: new ShelfFolder(path), dataDir: 'own', limitBytes: 100 * EACH_BYTES, notice: () => {} };
    const keeper = new ShelfKeeper(watched, deps);
    texts.clear();
    const content = { contentDigest: 'c'.repeat(43), sizeBytes: 10 };
    keeper.perform([
      ...[find('key 1'), find('none'), remember('key 1'), remember('new')],
      ...[{ name: 'reserve', from: content } as const, { name: 'giveUp', from: content } as const],
      ...[{ name: 'touch', from: content } as const, { name: 'drop', from: content } as const],
      { name: 'remember', from: { key: 'f', digest: 'd', madeAtMs: 1, held: { file: { dataDir: 'other', ...content } } } },
    ]);
    keeper.perform([find('key 50')]);
    keeper.writeUses();
    const statements = [...texts].filter((text) => /^\s*(?:SELECT|UPDATE|DELETE)/.test(text));
    expect(statements.length).to.be.above(6);
    for (const text of statements) {
      const plan = opened.database.query(`EXPLAIN QUERY PLAN ${text}`, text.match(/\$\d/g)?.map(() => 1) ?? []);
      const steps = plan.map(({ detail }) => `${detail}`);
      const walks = steps.filter((step) => /TEMP B-TREE|SCAN (?:entries|files)(?! USING COVERING INDEX \w+_by_use)/.test(step));
      expect(walks, text).to.deep.equal([]);
      if (steps.some((step) => step.startsWith('SCAN') && !step.endsWith('shelf'))) expect(text).to.match(/ORDER BY used LIMIT/);
    }
  });

  it('does all calls of a batch, or none of them', async () => {
    await open(1 << 20);
    const wrong = {
      name: 'remember',
      from: { key: 'b', digest: null, madeAtMs: 1, held: { packed: bytesOf(64, 1) } },
    } as unknown as ShelfCall;
    expect(() => opened.keeper.perform([remember('a'), wrong])).to.throw();
    expect(opened.keeper.stats).to.deep.equal({ entries: 0, bytes: 0, hits: 0 });
    expect(opened.keeper.perform([find('a'), remember('a', 2)])).to.deep.equal([undefined, true]);
  });

  it('places a file again whose batch has failed for another call', async () => {
    await open(1 << 20);
    const bytes = bytesOf(100, 1);
    const beside = join(besideFolder(path), 'written');
    await mkdir(besideFolder(path), { recursive: true });
    await writeFile(beside, bytes);
    const place = { name: 'place', from: { contentDigest: contentOf(bytes), sizeBytes: 100, beside, isForOther: true } } as const;
    const wrong = { name: 'remember', from: { ...remember('b').from, digest: null } } as unknown as ShelfCall;
    expect(() => opened.keeper.perform([place, wrong])).to.throw();
    expect(opened.keeper.stats).to.include({ bytes: 0 });
    expect(opened.keeper.perform([place, { name: 'touch', from: place.from }])).to.deep.equal([true, true]);
    expect(await filesIn(path)).to.have.length(1);
  });
});

describe('a shelf and another process', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-other-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is read beside the process that has it, in use for others, and theirs when that one was killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', HOLD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exited]);
    const beside = await readShelfStats(folder);
    expect(beside).to.include({ entries: 2, hits: 0 });
    expect(beside.bytes).to.be.within(100_000, 102_000);
    expect(await caught(DataDir.open(folder))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'in-use' });
    child.kill('SIGKILL');
    await exited;
    const { shelf, lines, close } = await shelfIn(folder);
    expect((await shelf.find('small', 0))?.held).to.deep.equal({ packed: bytesOf(100, 1) });
    const held = (await shelf.find('large', 0))!.held as { bytes: { read(): Promise<Uint8Array> } };
    expect(Buffer.compare(await held.bytes.read(), bytesOf(100_000, 2))).to.equal(0);
    expect(shelf.stats).to.deep.equal({ ...beside, hits: 2 });
    expect(await shelf.remember('small', small(3))).to.equal(true);
    expect(lines).to.deep.equal([]);
    await close();
  });
});
