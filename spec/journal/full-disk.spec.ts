import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ValueFiles } from '../../lib/journal/data-dir/value-files.js';
import { DataDir, journals } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { groupsIn, openedRun, requestFor } from '../support/journal-runs.js';
import { smallDisk } from '../support/small-disk.js';
import { testClock } from '../support/test-clock.js';

const group = (at: number): Uint8Array => new Uint8Array(20_000).fill(at % 251);

describe('a full disk', () => {
  let disk: NonNullable<Awaited<ReturnType<typeof smallDisk>>>;

  before(async function () {
    const made = await smallDisk(2_048);
    if (!made) {
      console.log('    no file system can be mounted here');
      return this.skip();
    }
    disk = made;
  });
  after(() => disk?.remove());

  for (const isSynced of [true, false]) {
    it(`refuses groups as full, keeps those before, and takes more when there is room${isSynced ? '; synced' : ''}`, async () => {
      const folder = join(disk.path, `journal-${isSynced}`);
      const filler = join(disk.path, 'filler');
      await writeFile(filler, new Uint8Array(600_000));
      const dataDir = await DataDir.open(folder);
      const journal = await journals.sqlite(dataDir, { node: 'a', clock: testClock() });
      const run = await openedRun(journal, requestFor('k'));
      let written = 0;
      const fill = async (): Promise<void> => {
        for (; written < 1_000; written += 1) await run.append(group(written), { isSynced });
      };
      const error = await caught(fill());
      expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
      expect((await caught(run.append(group(written), { isSynced }))).reason).to.equal('full');
      expect(written).to.be.above(10);
      await rm(filler);
      await run.append(group(written), { isSynced });
      written += 1;
      expect((await groupsIn(journal, run)).map(([first]) => first)).to.deep.equal(Array.from({ length: written }, (_, at) => at % 251));
      await run.end('completed', new Uint8Array());
      await journal.forgetRun('k');
      await journal.close();
      dataDir.close();
      await rm(folder, { recursive: true });
    });
  }

  it('refuses a value as full, and leaves nothing of it', async () => {
    const files = new ValueFiles(disk.path);
    const name = { runId: '0190f0a0-0000-7000-8000-000000000001', epoch: 1, index: 1 };
    const stamp = await files.write(name, [new Uint8Array(100_000)], true);
    expect(await caught(files.write({ ...name, index: 2 }, [new Uint8Array(4_000_000)], true))).to.include({ reason: 'full' });
    expect(await readdir(join(disk.path, 'values', name.runId))).to.deep.equal(['1-1']);
    expect((await files.read(name, stamp)).type).to.equal('whole');
  });
});
