import { mkdtemp, open, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '../../lib/base/index.js';
import { Dag, Handoff } from '../../lib/index.js';
import { Counts, ran } from './remembering-node.js';

const SIZE = 1_200_000;

/** Changes the last byte of a file. */
async function changeByte(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(9), 0, 1, (await file.stat()).size - 1);
  await file.close();
}

describe('results that were remembered, and whose files are harmed', () => {
  let folder: string;
  let counts: Counts;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-harmed-'));
    counts = new Counts();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const start = (): Promise<Handoff> => Handoff.start({ dataDir: folder, threads: 1, logger: silentLogger });
  const dag = (): object =>
    Dag.dynamic('d')
      .add({ id: 'a', code: () => counts.of('a', new Uint8Array(SIZE).fill(1)), cache: true, version: '1' })
      .add({ id: 'b', code: (a: Uint8Array) => a.at(-1), args: ['a'] });

  /** Has the result remembered by one node, and harmed before the next one starts. */
  async function harmed(harm: (path: string) => Promise<void>): Promise<Handoff> {
    const before = await start();
    await ran(before, dag());
    // It waits for what is being remembered.
    expect((await ran(before, dag())).fromCache).to.deep.equal(['a']);
    await before.stop();
    for (const entry of await readdir(join(folder, 'remembered'), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) await harm(join(entry.parentPath, entry.name));
    return start();
  }

  for (const [what, harm] of [
    ['has another byte', changeByte],
    ['is short', (path: string) => truncate(path, 1_000)],
    ['is gone', (path: string) => rm(path)],
  ] as const) {
    it(`are missed where the caller gets them, when the file ${what}, and remembered anew`, async () => {
      await using after = await harmed(harm);
      const second = await ran(after, dag());
      expect([second.started, second.fromCache]).to.deep.equal([['a', 'b'], []]);
      expect(second.results.a).to.deep.equal(new Uint8Array(SIZE).fill(1));
      const third = await ran(after, dag());
      expect([third.started, third.fromCache]).to.deep.equal([['b'], ['a']]);
      expect(counts.all).to.deep.equal({ a: 2 });
    });
  }

  it('are made again where a function alone needs them', async () => {
    await using after = await harmed(changeByte);
    const { results } = await ran(after, dag(), { collect: ['b'] });
    expect(results).to.deep.equal({ b: 1 });
    expect(counts.all).to.deep.equal({ a: 2 });
  });
});
