import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { arg, collocatedWith, Dag, functionsIn, type Handoff, onDriver } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gateOf } from '../support/modules/cluster-tasks.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const loop = { isolation: 'loop' } as const;

describe('functions on other nodes', () => {
  let cluster: SpecCluster;
  let a: Handoff;
  before(async () => {
    cluster = await SpecCluster.of({ a: {}, b: {}, c: {} });
    a = cluster.node('a');
  });
  after(() => cluster.stop());

  it('run where they are pinned, in threads and on the loop, and their results come to whoever asked', async () => {
    const dag = new Dag('pinned')
      .add({ id: 'thread', code: tasks.where, node: 'b' })
      .add({ id: 'loop', code: tasks.where, node: 'c', ...loop })
      .add({ id: 'driver', code: tasks.where, node: onDriver(), ...loop })
      .add({ id: 'with', code: tasks.whereAfter, args: ['loop'], node: collocatedWith('loop'), ...loop });
    const { results, allocations } = await a.execute(dag);
    expect(results).to.deep.equal({ thread: 'b', loop: 'c', driver: 'a', with: 'c' });
    expect(allocations).to.deep.equal(results);
  });

  it('get and give values exactly as on one node', async () => {
    const dag = Dag.dynamic('exact')
      .add({ id: 'made', code: tasks.odd, node: 'b', ...loop })
      .add({ id: 'same', code: tasks.same, args: ['made'], node: 'c' });
    const { results } = await a.execute(dag);
    const local = await a.executeLocal(dag);
    expect(results).to.deep.equal(local.results);
    expect(Object.is((results.same as { zero: number }).zero, -0)).to.equal(true);
    expect(Object.keys(results.same as object)).to.deep.equal(['map', 'zero', '__proto__', 'none']);
  });

  it('take large values straight from where they were made, and large constants from the driver', async () => {
    const size = 10_000_000;
    const dag = new Dag('large')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [size], node: 'b', ...loop })
      .add({ id: 'counted', code: tasks.lengths, args: ['made', 'made'], extraArgs: [new Uint8Array(size).fill(7)], node: 'c', ...loop });
    const { results } = await a.execute(dag, { collect: ['counted'] });
    expect(results).to.deep.equal({ counted: [size, size, size] });
  });

  it('may change what they alone get: whoever asks for it again sees it as it was made', async () => {
    const size = 100_000;
    const changes = { code: tasks.spoilt, args: ['made'], node: 'c', maxRetries: 1, retry: { initialDelayMs: 0 }, ...loop } as const;
    for (const collect of [['one'], ['one', 'made'], ['one', 'other']]) {
      const dag = Dag.dynamic('changed').add({ id: 'made', code: tasks.bytes, extraArgs: [size], node: 'b', ...loop });
      for (const id of collect) if (id !== 'made') dag.add({ ...changes, id });
      const { results } = await a.execute(dag, { collect });
      const made = new Uint8Array(size).fill(7);
      expect(results).to.deep.equal(Object.fromEntries(collect.map((id) => [id, id === 'made' ? made : 0])));
    }
  });

  it('leave nothing behind on any node once a run is over', async () => {
    const dag = new Dag('nothing')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [1_000_000], node: 'b', ...loop })
      .add({ id: 'counted', code: tasks.lengths, args: ['made'], node: 'c', ...loop });
    const heldBytes = async (): Promise<number[]> => (await a.status()).nodes.map((node) => node.heldBytes);
    const before = await heldBytes();
    await a.execute(dag, { collect: ['counted'], retainMs: 0 });
    let after: number[];
    do after = await heldBytes();
    while (after.some((bytes, at) => bytes > before[at]!));
  });

  it('find inputs of the run, and values stored by hand', async () => {
    const dag = new Dag('inputs').input<string[]>()('given').input<string[]>()('stored');
    const whole = dag
      .add({ id: 'first', code: tasks.same, args: ['given'], node: 'b', ...loop })
      .add({ id: 'second', code: tasks.same, args: ['stored'], node: 'c' });
    await a.storeValue('inputs', 'stored', ['s']);
    expect((await a.execute(whole, { inputs: { given: ['g'] } })).results).to.deep.equal({ first: ['g'], second: ['s'] });
  });

  it('serialize an edge where the value was made, and deserialize it where it is used', async () => {
    const edge = arg('made', { serialize: tasks.mark, deserialize: tasks.mark, extra: ['x'] });
    const dag = new Dag('edges')
      .add({ id: 'made', code: tasks.list, node: 'b', ...loop })
      .add({ id: 'used', code: tasks.same, args: [edge], node: 'c', ...loop });
    expect((await a.execute(dag)).results.used).to.deep.equal(['b: b to c x', 'c: b to c x']);
  });

  it('find a serializer below the root of the node where it runs, which need not be that of the driver', async () => {
    const roots = ['here', 'there'].map((name) => {
      const root = mkdtempSync(join(tmpdir(), `handoff-${name}-`));
      writeFileSync(join(root, 'package.json'), '{}');
      writeFileSync(join(root, 'tasks.mjs'), `export const where = () => '${name}'; export const mark = (value) => value + ' ${name}';`);
      return root;
    }) as [string, string];
    const apart = await SpecCluster.of({ a: { root: roots[0] }, b: { root: roots[1] }, c: { root: roots[1] } });
    try {
      const module = pathToFileURL(join(roots[0], 'tasks.mjs')).href;
      const [where, mark] = ['where', 'mark'].map((name) => ({ module, name }));
      const edge = arg('made', { serialize: mark, deserialize: mark } as never);
      for (const used of ['a', 'c', 'b']) {
        const dag = Dag.dynamic()
          .add({ id: 'made', code: where, node: 'b', ...loop } as never)
          .add({ id: 'used', code: mark, args: [edge], node: used, ...loop } as never);
        const at = used === 'a' ? 'here' : 'there';
        expect((await apart.node('a').execute(dag, { maxRetries: 0 })).results.used).to.equal(`there there ${at} ${at}`);
      }
    } finally {
      await apart.stop();
      for (const root of roots) rmSync(root, { recursive: true });
    }
  });

  it('find the functions of a DAG that was made below another root, wherever they run', async () => {
    const lib = new URL('../../lib/index.ts', import.meta.url).href;
    const text = (name: string): string => `
      import { Dag, functionsIn } from ${JSON.stringify(lib)};
      const own = functionsIn(import.meta.url);
      export const where = () => '${name}';
      export const grow = (nodes) => nodes.reduce((dag, node) => dag.add({ id: node, code: own.where, node, isolation: 'loop' }), Dag.dynamic());`;
    const roots = ['here', 'there'].map((name) => {
      const root = mkdtempSync(join(tmpdir(), `handoff-${name}-`));
      writeFileSync(join(root, 'package.json'), '{}');
      writeFileSync(join(root, 'tasks.mjs'), text(name));
      return root;
    }) as [string, string];
    const apart = await SpecCluster.of({ a: { root: roots[0] }, b: { root: roots[1] }, c: { root: roots[1] } });
    try {
      const code = { module: pathToFileURL(join(roots[0], 'tasks.mjs')).href, name: 'grow' };
      for (const made of ['a', 'b']) {
        const dag = Dag.dynamic().expand({ id: 'e', code, extraArgs: [['a', 'b', 'c']], node: made, isolation: 'loop', maxRetries: 0 });
        expect((await apart.node('a').execute(dag, { maxRetries: 0 })).results.e, made).to.deep.equal({
          a: 'here',
          b: 'there',
          c: 'there',
        });
      }
    } finally {
      await apart.stop();
      for (const root of roots) rmSync(root, { recursive: true });
    }
  });

  it('evaluate inline functions on the node that uses them', async () => {
    const dag = new Dag('inline')
      .add({ id: 'inlined', code: tasks.where, type: 'inline' })
      .add({ id: 'used', code: tasks.same, args: ['inlined'], node: 'b', ...loop });
    expect((await a.execute(dag)).results).to.deep.equal({ used: 'b' });
  });

  it('fail with their own error, and are tried again', async () => {
    const dag = new Dag('fails').add({ id: 'bad', code: tasks.fails, extraArgs: ['no'], node: 'b', retry: { initialDelayMs: 0 }, ...loop });
    const error = await caught(a.execute(dag, { maxRetries: 1 }));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'bad', node: 'b', attempts: 2 });
    expect(error.cause).to.be.instanceOf(RangeError);
    expect(error.cause).to.deep.include({ message: 'no', detail: { node: 'b' } });
  });

  it('say which node did not find the module or the export', async () => {
    for (const [module, name] of [
      ['spec/no-such-module.ts', 'anything'],
      ['spec/support/modules/cluster-tasks.ts', 'noSuchExport'],
    ] as const) {
      const dag = Dag.dynamic().add({ id: 'gone', code: { module, name }, node: 'b' });
      const { cause } = await caught(a.execute(dag));
      expect(cause).to.include({ code: 'HANDOFF_CODE_NOT_FOUND', node: 'b' });
      expect((cause as Error).message).to.include(module.includes('no-such') ? module : name);
    }
  });

  it('print to the log of their driver', async () => {
    await a.execute(new Dag('says').add({ id: 'talk', code: tasks.say, extraArgs: ['from afar'], node: 'b', ...loop }));
    const line = cluster.logs.get('a')!.lines.find(({ message }) => message === 'from afar');
    expect(line?.fields).to.deep.include({ functionId: 'talk', ranOn: 'b', stream: 'stdout' });
  });

  it('are stopped when the run is cancelled, also in a thread that hears nothing', async () => {
    const dag = new Dag('cancelled')
      .add({ id: 'spin', code: tasks.spin, node: 'b' })
      .add({ id: 'held', code: tasks.held, extraArgs: ['cancelled'], node: 'c', ...loop });
    const run = a.execute(dag, { stopGraceMs: 10 });
    let started = 0;
    for await (const { type } of run) if (type === 'function-started' && ++started === 2) void run.cancel('enough');
    expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'enough' });
    for (const node of ['b', 'c']) await cluster.until(node, ([self]) => self!.running === 0);
  });

  it('are stopped by their own time limit', async () => {
    const dag = new Dag('late').add({ id: 'spin', code: tasks.spin, node: 'b', timeoutMs: 50 });
    const error = await caught(a.execute(dag, { maxRetries: 0, stopGraceMs: 10 }));
    expect(error.cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT', functionId: 'spin' });
  });

  it('go on when their link breaks, and count once', async () => {
    const dag = new Dag('broken').add({ id: 'held', code: tasks.held, extraArgs: ['broken'], node: 'b', ...loop });
    const run = a.execute(dag);
    await gateOf('broken').reached;
    cluster.network.reset('a', 'b');
    gateOf('broken').open();
    const types: string[] = [];
    for await (const { type } of run) types.push(type);
    expect((await run).results).to.deep.equal({ held: 'b' });
    expect(types.filter((type) => type === 'function-succeeded')).to.have.length(1);
    expect(types).to.not.include('function-lost');
  });

  it('run by the thousand, and every claim is free afterwards', async () => {
    const dag = Dag.dynamic('many');
    for (let at = 0; at < 2000; at += 1) dag.add({ id: `f${at}`, code: tasks.where, node: at % 2 ? 'b' : 'c', ...loop });
    const { allocations } = await a.execute(dag, { collect: [] });
    expect(Object.values(allocations).filter((node) => node === 'b')).to.have.length(1000);
    for (const node of ['a', 'b', 'c'])
      await cluster.until(node, (nodes) => nodes.every(({ running, used }) => running === 0 && (used.cpu ?? 0) === 0));
  });
});
