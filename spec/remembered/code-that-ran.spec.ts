import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { arg, Dag, type Isolation, type NodeOptions } from '../../lib/index.js';
import { type Journal, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { SpecCluster } from '../support/cluster.js';
import { MemoryShelf } from '../support/memory-shelf.js';
import { ran } from './remembering-node.js';

const MAIN = "import { help } from './help.mjs'; export const f = (x) => help(x);";
/** It changes a file of its own module while it runs. */
const CHANGES_ITSELF = `import { writeFileSync } from 'node:fs';
import { help } from './help.mjs';
export const f = (x) => {
  writeFileSync(new URL('./help.mjs', import.meta.url), 'export const help = (x) => x * 1000;');
  return help(x);
};`;

describe('remembered results and the code that ran', () => {
  const folders: string[] = [];
  let cluster: SpecCluster;
  afterEach(async () => {
    await cluster.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  const rootWith = (help: string, main = MAIN): string => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-root-')));
    folders.push(folder);
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'main.mjs'), main);
    writeFileSync(join(folder, 'same.mjs'), 'export const same = (x) => x;');
    writeFileSync(join(folder, 'help.mjs'), `export const help = (x) => ${help};`);
    return folder;
  };
  const shelf = new MemoryShelf();
  /** The first node remembers. */
  const start = async (nodes: Readonly<Record<string, NodeOptions>>): Promise<void> => {
    const database = new MemoryDatabase();
    const openJournal = (given: JournalOptions): Promise<Journal> => journals.memory(database, given);
    cluster = new SpecCluster({ openJournal, openShelf: async () => shelf });
    for (const [name, options] of Object.entries(nodes)) await cluster.start(name, options);
  };
  let calls = 0;
  /** Runs the function on a node with an argument that nobody else uses, twice. Returns how often it was started, and the result. */
  const twice = async (node: string, isolation: Isolation): Promise<readonly unknown[]> => {
    calls += 1;
    const dag = new Dag('d').add({
      ...{ id: 'f', code: { module: './main.mjs', name: 'f' }, extraArgs: [calls], cache: true },
      ...{ node, isolation, maxRetries: 0 },
    });
    const first = await ran(cluster.node('a'), dag);
    const second = await ran(cluster.node('a'), dag);
    return [first.started.length + second.started.length, (second.results.f as number) / calls];
  };

  it('are kept only if serializers are the same where the arguments were made', async () => {
    await start({ a: { root: rootWith('x') }, b: { root: rootWith('x') }, c: { root: rootWith('x * 2') } });
    const same = { module: './same.mjs', name: 'same' };
    const result = async (node: string, value: number): Promise<unknown> => {
      const serialized = arg('made', { serialize: { module: './help.mjs', name: 'help' } });
      const dag = Dag.dynamic('d')
        .add({ id: 'made', code: same, extraArgs: [value], node })
        .add({ id: 'f', code: same, args: [serialized], node: 'a', cache: true });
      const { started, results } = await ran(cluster.node('a'), dag);
      return [started.includes('f'), results.f];
    };
    expect([await result('c', 1), await result('a', 1)]).to.deep.equal([
      [true, 2],
      [true, 1],
    ]);
    expect([await result('b', 2), await result('a', 2)]).to.deep.equal([
      [true, 2],
      [false, 2],
    ]);
  });

  for (const isolation of ['loop', 'thread', 'process'] as const) {
    it(`are kept of another node if its code is the same, with all that it imports, in the isolation ${isolation}`, async () => {
      await start({ a: { root: rootWith('x') }, b: { root: rootWith('x') }, c: { root: rootWith('x * 2') } });
      expect(await twice('a', isolation)).to.deep.equal([1, 1]);
      expect(await twice('b', isolation)).to.deep.equal([1, 1]);
      expect(await twice('c', isolation)).to.deep.equal([2, 2]);
    });

    it(`are not kept if the code was changed meanwhile, here or there, in the isolation ${isolation}`, async () => {
      await start({ a: { root: rootWith('x', CHANGES_ITSELF) }, b: { root: rootWith('x', CHANGES_ITSELF) } });
      for (const node of ['b', 'a']) expect((await twice(node, isolation))[0], node).to.equal(2);
    });
  }
});
