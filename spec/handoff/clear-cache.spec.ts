import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Handoff, JournalReader } from '../../lib/index.js';
import { journals, MemoryDatabase, type RememberedShelf } from '../../lib/journal/index.js';
import { bytesOf, filesIn, large, shelfIn, small } from '../journal/remembered/shelf-place.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

describe('what a node remembers', () => {
  let dataDir: string;
  const logger = spyLogger();
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'handoff-clear-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  const remembered = async () => {
    await using reader = await JournalReader.open({ dataDir });
    return reader.remembered();
  };
  const metric = async (node: Handoff): Promise<number> =>
    Number(/^handoff_value_bytes\{where="remembered"\} (\d+)$/m.exec(await node.metrics())?.[1]);

  it('is counted by the metrics of the node with the folder, read beside it, and forgotten by clearCache', async () => {
    const { shelf, close } = await shelfIn(dataDir);
    await shelf.remember('small', small(1));
    await shelf.remember('large', large((await shelf.writeFile([bytesOf(100_000, 1)], false))!));
    await shelf.writeFile([bytesOf(100_000, 2)], true);
    const { bytes } = shelf.stats;
    await close();
    await using node = await Handoff.start({ dataDir, logger });
    expect(await remembered()).to.deep.equal({ entries: 2, bytes, hits: 0 });
    await node.clearCache();
    expect(await remembered()).to.deep.equal({ entries: 0, bytes: 0, hits: 0 });
    expect(await metric(node)).to.equal(0);
    expect(await filesIn(dataDir)).to.deep.equal([]);
  });

  it('is at most cacheMiB', async () => {
    const { shelf, close } = await shelfIn(dataDir, 4 << 20);
    for (let at = 0; at < 3; at += 1) await shelf.writeFile([bytesOf(1 << 20, at)], true);
    await close();
    const node = await Handoff.start({ dataDir, cacheMiB: 1.5, logger });
    // It takes stock before it is closed.
    await node.stop();
    expect(await filesIn(dataDir)).to.have.length(1);
    expect((await remembered()).bytes).to.equal(1 << 20);
  });

  it('is nothing without a dataDir: clearCache resolves', async () => {
    await using node = await Handoff.start({ logger });
    expect(await node.clearCache()).to.equal(undefined);
    expect(await metric(node)).to.equal(0);
    await node.stop();
    expect(await caught(node.clearCache())).to.include({ code: 'HANDOFF_STOPPED' });
  });

  it('needs no file in a folder in which nothing is remembered', async () => {
    await using node = await Handoff.start({ dataDir, logger });
    expect(await remembered()).to.deep.equal({ entries: 0, bytes: 0, hits: 0 });
    expect(node.name).to.be.a('string');
    expect(await stat(join(dataDir, 'remembered.db')).catch(() => undefined)).to.equal(undefined);
  });

  it('is not said to be forgotten where it could not be', async () => {
    const shelf = {
      stats: { entries: 0, bytes: 7, hits: 0 },
      clear: async () => false,
      close: async () => {},
    } as unknown as RememberedShelf;
    const openJournal = (given: Parameters<typeof journals.memory>[1]) => journals.memory(new MemoryDatabase(), given);
    await using node = await Handoff[startNode]({ logger }, { ...realEnvironment, openJournal, openShelf: async () => shelf });
    expect(await metric(node)).to.equal(7);
    expect(await caught(node.clearCache())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
  });
});
