import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type OpenedShelf, openShelf } from '../../../lib/journal/remembered/opened-shelf.js';
import type { ShelfCall } from '../../../lib/journal/remembered/shelf-messages.js';
import { bytesOf } from './shelf-place.js';

const ENTRIES = 100_000;
/** What an entry of 64 bytes takes, as it is counted. */
const EACH_BYTES = 576;

const remember = (key: string): ShelfCall => ({
  name: 'remember',
  from: { key, digest: 'd', madeAtMs: 1, held: { packed: bytesOf(64, 1) } },
});
const find = (key: string): ShelfCall => ({ name: 'find', from: { key, madeSinceMs: 0 } });

describe('a shelf with many entries', () => {
  let path: string;
  let opened: OpenedShelf;
  const open = async (limitBytes: number): Promise<void> => {
    opened = await openShelf({ path, dataDir: 'own', limitBytes }, ({ message }) => expect.fail(message));
  };

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'handoff-many-'));
  });
  afterEach(async () => {
    opened?.database.close();
    await rm(path, { recursive: true });
  });

  it(`has ${ENTRIES.toLocaleString('en')}, finds each, and lets go those used least recently`, async () => {
    await open(1 << 30);
    const all = Array.from({ length: ENTRIES }, (_, at) => `key ${at}`);
    for (let from = 0; from < ENTRIES; from += 5_000) opened.keeper.perform(all.slice(from, from + 5_000).map((key) => remember(key)));
    expect(opened.keeper.stats).to.deep.equal({ entries: ENTRIES, bytes: ENTRIES * EACH_BYTES, hits: 0 });
    const some = all.filter((_, at) => at % 97 === 0);
    expect(opened.keeper.perform(some.map(find))).to.not.include(undefined);
    opened.keeper.perform([...Array.from({ length: 50 }, (_, at) => find(`none ${at}`))]);
    while (opened.keeper.writeUses());
    opened.database.close();
    // Room for half of them: those that were found last stay, and the later half of the rest.
    await open((ENTRIES * EACH_BYTES) / 2);
    const { entries, bytes, hits } = opened.keeper.stats;
    expect(bytes).to.equal(entries * EACH_BYTES);
    expect(entries).to.be.within(ENTRIES * 0.48, ENTRIES * 0.5);
    expect(hits).to.equal(some.length);
    expect(opened.keeper.perform(some.map(find))).to.not.include(undefined);
    expect(opened.keeper.perform([find('key 1'), find(`key ${ENTRIES - 1}`)]).map((found) => found !== undefined)).to.deep.equal([
      false,
      true,
    ]);
  });
});
