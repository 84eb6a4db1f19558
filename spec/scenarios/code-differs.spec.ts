import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { arg, collocatedWith, Dag } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { settled } from '../support/test-clock.js';

describe('code that is not the same everywhere', () => {
  const folders: string[] = [];
  /** A root whose `tasks.mjs` is that text. */
  const rootWith = (text: string, file = 'tasks.mjs'): string => {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-root-'));
    folders.push(folder);
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, file), text);
    return folder;
  };
  const one = 'export const which = () => 1; export const other = () => 10;';
  const two = 'export const which = () => 2; export const other = () => 20;';
  let cluster: SpecCluster;

  afterEach(async () => {
    await cluster.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  const dag = (id: string): Dag<{ b: unknown; c: unknown; again: unknown }> => {
    const module = './tasks.mjs';
    return new Dag(id)
      .add({ id: 'b', code: { module, name: 'which' }, node: 'b', isolation: 'loop' })
      .add({ id: 'c', code: { module, name: 'which' }, node: 'c', isolation: 'loop' })
      .add({ id: 'again', code: { module, name: 'other' }, node: 'c', isolation: 'loop' }) as never;
  };
  const warnings = (): { fields: Record<string, unknown>; message: string }[] =>
    cluster.logs.get('a')!.lines.filter(({ level, message }) => level === 'warn' && message.startsWith('module '));

  it('runs as each node has it, and the run warns once, naming the file and the nodes', async () => {
    cluster = await SpecCluster.of({ a: { root: rootWith(one) }, b: { root: rootWith(one) }, c: { root: rootWith(two) } });
    const { results } = await cluster.node('a').execute(dag('first'));
    expect(results).to.deep.equal({ b: 1, c: 2, again: 20 });
    await settled();
    expect(warnings()).to.have.length(1);
    expect(warnings()[0]!.message).to.equal('module "./tasks.mjs" differs between this node and c');
    expect(warnings()[0]!.fields).to.deep.include({ dagId: 'first', module: './tasks.mjs', nodes: ['c'] });
    await cluster.node('a').execute(dag('second'));
    await settled();
    expect(warnings().map(({ fields }) => fields.dagId)).to.deep.equal(['first', 'second']);
  });

  describe('is refused, where the driver says so,', () => {
    const start = async (b: string, c: string): Promise<void> => {
      cluster = await SpecCluster.of({
        a: { root: rootWith(one), codeSkew: 'refuse', capabilities: {} },
        b: { root: rootWith(b), capabilities: { cpu: 2 } },
        c: { root: rootWith(c), capabilities: { cpu: 2 } },
      });
    };
    const free = (id: string, count: number, over: object = {}) =>
      Dag.of(
        id,
        Object.fromEntries(
          Array.from({ length: count }, (_, at) => [
            `f${at}`,
            { code: { module: './tasks.mjs', name: 'which' }, cost: { cpu: 1 }, isolation: 'loop', ...over },
          ]),
        ) as never,
      );

    it('by going to the nodes where it is the same', async () => {
      await start(two, one);
      const { results, allocations } = await cluster.node('a').execute(free('free', 12));
      expect(new Set(Object.values(results as object))).to.deep.equal(new Set([1]));
      expect(new Set(Object.values(allocations))).to.deep.equal(new Set(['c']));
    });

    it('with an error that names the node, where no other could run it', async () => {
      await start(two, two);
      const error = await caught(cluster.node('a').execute(free('nowhere', 12)));
      expect(error.code).to.equal('HANDOFF_ALLOCATION_FAILED');
      expect(error.message).to.match(
        /^Cannot place function "f\d+": the module "\.\/tasks\.mjs" differs on node "b", the module .* differs on node "c"$/,
      );
      await cluster.stop();
      await start(one, two);
      const pinned = await caught(cluster.node('a').execute(free('pinned', 3, { node: 'c' })));
      expect(pinned.message).to.match(/^Cannot place function "f\d": the module "\.\/tasks\.mjs" differs on node "c"$/);
    });

    it('for a whole group, and for what is inline', async () => {
      await start(two, one);
      const which = { module: './tasks.mjs', name: 'which' };
      const grouped = Dag.dynamic('group')
        .add({ id: 'first', code: { module: './more.mjs', name: 'x' }, isolation: 'loop', cost: { cpu: 1 } })
        .add({ id: 'second', code: which, isolation: 'loop', cost: { cpu: 1 }, node: collocatedWith('first') });
      for (const root of [0, 1, 2]) writeFileSync(join(folders.at(-3 + root)!, 'more.mjs'), 'export const x = () => 3;');
      expect((await cluster.node('a').execute(grouped)).allocations).to.deep.equal({ first: 'c', second: 'c' });
      const inline = Dag.dynamic('inline')
        .add({ id: 'in', code: which, type: 'inline' })
        .add({ id: 'out', code: { module: './more.mjs', name: 'x' }, args: ['in'], isolation: 'loop', cost: { cpu: 1 } });
      expect((await cluster.node('a').execute(inline)).allocations).to.deep.equal({ out: 'c' });
    });

    it('for the node where the serializer of an edge runs, which is that of its producer', async () => {
      await start(two, one);
      for (const root of [0, 1, 2]) writeFileSync(join(folders.at(-3 + root)!, 'more.mjs'), 'export const x = (value) => value;');
      const same = { code: { module: './more.mjs', name: 'x' }, isolation: 'loop', cost: { cpu: 1 } } as const;
      const edge = arg('made', { serialize: { module: './tasks.mjs', name: 'which' } } as never);
      const dag = (node?: string) =>
        Dag.dynamic()
          .add({ ...same, id: 'made', ...(node && { node }) } as never)
          .add({ ...same, id: 'used', args: [edge], node: 'c' } as never);
      const { results, allocations } = await cluster.node('a').execute(dag());
      expect([results.used, allocations]).to.deep.equal([1, { made: 'c', used: 'c' }]);
      const pinned = await caught(cluster.node('a').execute(dag('b')));
      expect(pinned.message).to.equal('Cannot place function "made": the module "./tasks.mjs" differs on node "b"');
    });

    it('and runs where the driver does not have the file, or it is compiled there', async () => {
      cluster = await SpecCluster.of({
        a: { root: rootWith('', 'other.mjs'), codeSkew: 'refuse', capabilities: {} },
        b: { root: rootWith(two), capabilities: { cpu: 2 } },
      });
      expect((await cluster.node('a').execute(free('driverless', 2))).results).to.deep.equal({ f0: 2, f1: 2 });
    });
  });

  it('is not told where it is the same, nor of what the driver does not have', async () => {
    cluster = await SpecCluster.of({ a: { root: rootWith('', 'other.mjs') }, b: { root: rootWith(one) }, c: { root: rootWith(two) } });
    const { results } = await cluster.node('a').execute(dag('driverless'));
    expect(results).to.deep.equal({ b: 1, c: 2, again: 20 });
    await settled();
    expect(warnings()).to.deep.equal([]);
  });
});
