import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, type NodeOptions } from '../../lib/index.js';
import { SpecCluster } from '../support/cluster.js';
import { type Ran, ran } from './remembering-node.js';

const CODE = `export const large = (of) => of.repeat(300_000);
export const list = (of) => [of.repeat(200_000), of];
export const length = (text) => text.length;
export const wrap = (value) => ({ value });
export const unwrap = ({ value }) => value;`;
const code = (name: string) => ({ module: './tasks.mjs', name });

/** The node of each success that was remembered. */
const cachedOn = ({ events }: Ran): Record<string, string> =>
  Object.fromEntries(
    events.flatMap((event) => (event.type === 'function-succeeded' && event.source === 'cache' ? [[event.functionId, event.node]] : [])),
  );

describe('remembered results, on two nodes with folders of their own', () => {
  const folders: string[] = [];
  let cluster: SpecCluster;
  const folder = (): string => {
    const made = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-remembered-')));
    folders.push(made);
    return made;
  };
  const start = async (name: string, options: NodeOptions): Promise<void> => {
    const root = folder();
    writeFileSync(join(root, 'tasks.mjs'), CODE);
    await cluster.start(name, { root, isolation: 'loop', ...options });
  };
  beforeEach(() => {
    cluster = new SpecCluster();
  });
  afterEach(async () => {
    await cluster.stop();
    for (const one of folders.splice(0)) rmSync(one, { recursive: true });
  });

  /** `a` drives and has no cpu to spare for functions that cost one. */
  const dagOn = (node: string | undefined): object =>
    new Dag('d')
      .add({ id: 'x', code: code('large'), extraArgs: ['x'], cache: true, ...(node !== undefined && { node }) })
      .add({ id: 'n', code: code('length'), args: ['x'], ...(node !== undefined && { node }) });

  it('stay with the node that made them if they are large, and are read there or fetched from there', async () => {
    await start('a', { dataDir: folder() });
    await start('b', { dataDir: folder() });
    expect((await ran(cluster.node('a'), dagOn('b'))).started).to.deep.equal(['x', 'n']);
    const second = await ran(cluster.node('a'), dagOn('b'), { dagId: 'second', collect: ['n'] });
    expect([cachedOn(second), second.started, second.results]).to.deep.equal([{ x: 'b' }, ['n'], { n: 300_000 }]);
    const here = await ran(cluster.node('a'), dagOn('a'), { dagId: 'third' });
    expect([cachedOn(here), here.started]).to.deep.equal([{ x: 'b' }, ['n']]);
    expect(here.results).to.deep.equal({ x: 'x'.repeat(300_000), n: 300_000 });
  });

  it('are known to their driver alone', async () => {
    await start('a', { dataDir: folder() });
    await start('b', { dataDir: folder() });
    await ran(cluster.node('a'), dagOn('b'));
    expect((await ran(cluster.node('b'), dagOn('b'))).started).to.deep.equal(['x', 'n']);
  });

  it('go over to elements of maps one by one, and through serializers', async () => {
    await start('a', { dataDir: folder() });
    await start('b', { dataDir: folder() });
    const dag = Dag.dynamic('d')
      .add({ id: 'xs', code: code('list'), extraArgs: ['x'], cache: true, node: 'b' })
      .map({ id: 'ns', over: 'xs', code: code('length'), cache: true })
      .add({ id: 'x', code: code('large'), extraArgs: ['y'], cache: true, node: 'b' })
      .add({
        id: 'n',
        code: code('length'),
        args: [{ id: 'x', serialize: code('wrap'), deserialize: code('unwrap'), extra: [] }],
        node: 'a',
      });
    const first = await ran(cluster.node('a'), dag, { collect: ['ns', 'n'] });
    const second = await ran(cluster.node('a'), dag, { collect: ['ns', 'n'] });
    expect(second.results)
      .to.deep.equal(first.results)
      .and.to.deep.equal({ ns: [200_000, 1], n: 300_000 });
    expect(second.started).to.deep.equal(['n']);
  });

  it('of a node that is gone are made again', async () => {
    await start('a', { dataDir: folder() });
    await start('b', { dataDir: folder() });
    await ran(cluster.node('a'), dagOn('b'));
    // A second run waits for what the first has made to be remembered.
    expect(cachedOn(await ran(cluster.node('a'), dagOn('b')))).to.deep.equal({ x: 'b' });
    await cluster.kill('b');
    await cluster.until('a', (nodes) => nodes.length === 1);
    const second = await ran(cluster.node('a'), dagOn(undefined));
    expect([cachedOn(second), second.started]).to.deep.equal([{}, ['x', 'n']]);
    expect(cachedOn(await ran(cluster.node('a'), dagOn(undefined), { dagId: 'third' }))).to.deep.equal({ x: 'a' });
  });

  it('that a node without a folder has made are not remembered if they are large, and are if they are small', async () => {
    await start('a', { dataDir: folder() });
    await start('b', {});
    const dag = new Dag('d')
      .add({ id: 'x', code: code('large'), extraArgs: ['x'], cache: true, node: 'b' })
      .add({ id: 'n', code: code('length'), args: ['x'], cache: true, node: 'b' });
    await ran(cluster.node('a'), dag);
    const second = await ran(cluster.node('a'), dag, { dagId: 'second' });
    expect([cachedOn(second), second.started]).to.deep.equal([{ n: 'a' }, ['x']]);
  });

  it('of a folder that another node opens are found there', async () => {
    const shared = folder();
    await start('a', { dataDir: folder() });
    await start('b', { dataDir: shared });
    await ran(cluster.node('a'), dagOn('b'));
    expect(cachedOn(await ran(cluster.node('a'), dagOn('b')))).to.deep.equal({ x: 'b' });
    await cluster.kill('b');
    await start('c', { dataDir: shared });
    // Its threads have started then: a member that takes two seconds to answer has nothing.
    const other = new Dag('other').add({ id: 'x', code: code('large'), extraArgs: ['other'], cache: true });
    await ran(cluster.node('c'), other);
    const second = await ran(cluster.node('a'), dagOn('c'));
    expect([cachedOn(second), second.started]).to.deep.equal([{ x: 'c' }, ['n']]);
  });
});
