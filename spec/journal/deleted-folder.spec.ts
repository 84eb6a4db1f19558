import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import { DataDir, type Journal, journals } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { groupsIn, openedRun, requestFor } from '../support/journal-runs.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';

const group = (at: number): Uint8Array => new Uint8Array(100).fill(at);

describe('a data folder that goes away while its node uses it', () => {
  let base: string;
  let folder: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-gone-'));
    folder = join(base, 'data');
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const opened = async (): Promise<{ dataDir: DataDir; journal: Journal }> => {
    const dataDir = await DataDir.open(folder);
    return { dataDir, journal: await journals.sqlite(dataDir, { node: 'a', clock: testClock() }) };
  };
  const refused = async (work: Promise<unknown>): Promise<string> => {
    const error = await caught(work);
    expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    return error.message;
  };

  it('is a journal that cannot be written, and goes on where it was when it is put back', async () => {
    const { dataDir, journal } = await opened();
    const run = await openedRun(journal, requestFor('k'));
    await run.append(group(1), { isSynced: true });
    const away = join(base, 'away');
    await rename(folder, away);
    for (const isSynced of [true, false]) {
      expect(await refused(run.append(group(2), { isSynced }))).to.match(/^Cannot use ".*journal\.db": it is not there any more$/);
    }
    expect(await refused(journal.findRuns({}))).to.match(/it is not there any more$/);
    await mkdir(folder);
    await writeFile(join(folder, 'journal.db'), '');
    expect(await refused(run.append(group(2), { isSynced: true }))).to.match(/another file is in its place$/);
    await rm(folder, { recursive: true });
    await rename(away, folder);
    await run.append(group(2), { isSynced: true });
    expect((await groupsIn(journal, run)).map(([first]) => first)).to.deep.equal([1, 2]);
    await journal.close();
    dataDir.close();
  });

  it('ends durable runs as one that stays away does, and no other; nothing is recorded into a file that is gone', async () => {
    await using node = await Handoff.start({ dataDir: folder, journalWaitMs: 1, capabilities: { cpu: 2 }, logger: spyLogger() });
    const held = gate();
    const dag = (): Dag<{ a: number; b: number }, never, never, never> =>
      Dag.dynamic('d')
        .add({ id: 'a', code: () => held.pass().then(() => 1) })
        .add({ id: 'b', code: (a: number) => a + 1, args: ['a'] }) as never;
    const durable = node.execute(dag(), { key: 'k' });
    const failure = caught(durable);
    await held.reached;
    await rm(folder, { recursive: true });
    held.open();
    expect(await failure).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    expect(await caught(node.execute(dag(), { key: 'other' }))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    expect((await node.execute(dag())).results).to.deep.equal({ a: 1, b: 2 });
  });
});
