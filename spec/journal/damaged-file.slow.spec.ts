import { cp, mkdtemp, open as openFile, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DataDir, type Journal, journals, type RecordedRun } from '../../lib/journal/index.js';
import { openSqlite } from '../../lib/journal/sqlite/sqlite-connection.js';
import { groupsIn, openedRun, requestFor } from '../support/journal-runs.js';
import { testClock } from '../support/test-clock.js';

const RUNS = 20;
const GROUPS = 8;
const FLIPS = 20;
const INDEX_FLIPS = 10;
/** The size of SQLite's pages. */
const PAGE_BYTES = 4096;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const groupText = (key: string, at: number): string => `${key} group ${at},`.repeat(60);

async function withJournal<T>(folder: string, work: (journal: Journal) => Promise<T>): Promise<T> {
  const dataDir = await DataDir.open(folder);
  try {
    const journal = await journals.sqlite(dataDir, { node: 'a', clock: testClock() });
    try {
      return await work(journal);
    } finally {
      await journal.close();
    }
  } finally {
    dataDir.close();
  }
}

async function flipBit(path: string, offset: number, bit: number): Promise<void> {
  const file = await openFile(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Uint8Array.of(buffer[0]! ^ (1 << bit)), 0, 1, offset);
  await file.close();
}

/** What of a run can be read: all of it as text, or why not. */
async function contentOf(journal: Journal, run: RecordedRun): Promise<string> {
  if (run.isDamaged) return 'damaged';
  const texts = [`${run.state} ${new TextDecoder().decode(run.summary)}`];
  try {
    for (const bytes of await groupsIn(journal, run)) texts.push(new TextDecoder().decode(bytes));
  } catch (error) {
    return `${(error as { reason?: string }).reason}`;
  }
  return texts.join('\n');
}

/** What can be read of each run; of `keys` also those that the list has under a key that has changed, by a look for the key itself. */
const contents = (folder: string, keys: Iterable<string> = []): Promise<Map<string, string>> =>
  withJournal(folder, async (journal) => {
    const found = new Map<string, string>();
    for (const run of await journal.findRuns()) found.set(run.key, await contentOf(journal, run));
    for (const key of keys) {
      if (found.has(key)) continue;
      const [run] = await journal.findRuns({ key });
      if (run) found.set(key, await contentOf(journal, run));
    }
    return found;
  });

describe('a file of SQLite that was harmed', () => {
  let base: string;
  let whole: string;
  let expected: Map<string, string>;

  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-damage-'));
    whole = join(base, 'whole');
    await withJournal(whole, async (journal) => {
      for (let at = 0; at < RUNS; at += 1) {
        const key = `key ${at}`;
        const run = await openedRun(journal, requestFor(key, { opening: [bytesOf('plan')], summary: bytesOf(`sum ${at}`) }));
        for (let group = 0; group < GROUPS; group += 1) await run.append(bytesOf(groupText(key, group)));
        await run.end('completed', bytesOf(`end ${at}`));
      }
    });
    expected = await contents(whole);
    expect(expected.size).to.equal(RUNS);
  });
  after(() => rm(base, { recursive: true }));

  async function copyOf(name: string): Promise<string> {
    const folder = join(base, name);
    await cp(whole, folder, { recursive: true });
    return folder;
  }

  it('gives back what was written, or says that it is damaged: no flipped byte goes unseen', async () => {
    const size = (await readFile(join(whole, 'journal.db'))).length;
    let damaged = 0;
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const offset = Math.floor(((flip + 0.5) / FLIPS) * size);
      const folder = await copyOf(`flip ${flip}`);
      await flipBit(join(folder, 'journal.db'), offset, flip % 8);
      const found = await contents(folder, expected.keys()).catch((error: { reason?: string }) => error.reason);
      if (found === 'damaged') damaged += 1;
      else {
        if (typeof found !== 'object') throw new Error(`byte ${offset}: ${found}`);
        for (const [key, content] of expected) {
          if (found.get(key) === 'damaged') damaged += 1;
          else expect(found.get(key), `byte ${offset}, ${key}`).to.equal(content);
        }
      }
      await rm(folder, { recursive: true });
    }
    expect(damaged).to.be.above(FLIPS / 3);
  });

  it('is whole again, or is damaged as a whole, where a page of an index was harmed: no group is lost unseen', async () => {
    // A copy: SQLite takes its log away only when nothing of the connection is left, which may be while others copy the folder.
    const source = await openSqlite(join(await copyOf('asked'), 'journal.db'));
    const [index] = source.query(`SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_groups_1'`);
    source.close();
    for (let flip = 0; flip < INDEX_FLIPS; flip += 1) {
      const folder = await copyOf(`index ${flip}`);
      const offset = (Number(index!.rootpage) - 1) * PAGE_BYTES + Math.floor(((flip + 0.5) / INDEX_FLIPS) * PAGE_BYTES);
      await flipBit(join(folder, 'journal.db'), offset, flip % 8);
      const found = await contents(folder).catch((error: { reason?: string }) => error.reason);
      if (found !== 'damaged') expect(found, `byte ${offset}`).to.deep.equal(expected);
      await rm(folder, { recursive: true });
    }
  });

  it('is damaged when it is cut in the middle, and no process ends of it', async () => {
    for (const share of [0.1, 0.5, 0.9]) {
      const folder = await copyOf(`cut ${share}`);
      const path = join(folder, 'journal.db');
      await truncate(path, Math.floor((await readFile(path)).length * share));
      const found = await contents(folder).catch((error: { reason?: string }) => error.reason);
      if (typeof found === 'object') expect([...found.values()]).to.include('damaged');
      else expect(found).to.equal('damaged');
      await rm(folder, { recursive: true });
    }
  });

  it('loses the torn tail of its log of changes, and nothing before it', async () => {
    // A copy that is taken while the journal is open has a log that was not written into the database yet, as after a kill.
    const folder = join(base, 'torn');
    const source = join(base, 'open');
    await withJournal(source, async (journal) => {
      const run = await openedRun(journal, requestFor('k', { summary: bytesOf('new') }));
      for (let group = 0; group < GROUPS; group += 1) await run.append(bytesOf(groupText('k', group)), { isSynced: true });
      await cp(source, folder, { recursive: true });
    });
    const log = join(folder, 'journal.db-wal');
    const { length } = await readFile(log);
    await truncate(log, length - 700);
    const found = await contents(folder);
    const groups = Array.from({ length: GROUPS - 1 }, (_, at) => groupText('k', at));
    expect(found.get('k')).to.equal(['interrupted new', ...groups].join('\n'));
  });
});
