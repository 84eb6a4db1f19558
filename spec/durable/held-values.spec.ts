import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, Handoff, type NodeOptions } from '../../lib/index.js';
import { spyLogger } from '../support/spy-logger.js';

const LARGE = 100_000;

describe('what the values on a node take', () => {
  let dataDir: string;
  const nodes: Handoff[] = [];
  const start = async (options: NodeOptions): Promise<Handoff> => {
    const node = await Handoff.start({ capabilities: { cpu: 1 }, logger: spyLogger(), ...options });
    nodes.push(node);
    return node;
  };
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'handoff-held-'));
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop({ graceMs: 0 });
    await rm(dataDir, { recursive: true, force: true });
  });

  const onDisk = async (): Promise<number> => {
    const paths = (await readdir(dataDir, { recursive: true })).filter((path) => path.startsWith('values'));
    const found = await Promise.all(paths.map((path) => stat(join(dataDir, path))));
    return found.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
  };
  const heldBy = async (node: Handoff) => {
    const [info] = await node.nodes();
    const [use] = (await node.status()).nodes;
    expect(use!.held).to.deep.equal(info!.held);
    const metric = (where: string): RegExp => new RegExp(`^handoff_value_bytes\\{where="${where}"\\} (\\d+)$`, 'm');
    const text = await node.metrics();
    expect([metric('memory'), metric('disk')].map((one) => Number(one.exec(text)?.[1]))).to.deep.equal([
      info!.held.memoryBytes,
      info!.held.diskBytes,
    ]);
    return info!.held;
  };

  it('is told apart in memory and on disk, in nodes(), status() and metrics(), and is known again after a start', async () => {
    const dag = Dag.dynamic('d').add({ id: 'large', code: () => new Uint8Array(LARGE) });
    const first = await start({ dataDir });
    expect(await heldBy(first)).to.deep.equal({ memoryBytes: 0, diskBytes: 0 });
    await first.execute(dag, { key: 'k' });
    const { memoryBytes, diskBytes } = await heldBy(first);
    expect(memoryBytes).to.be.at.least(LARGE);
    expect(diskBytes)
      .to.be.at.least(LARGE)
      .and.to.equal(await onDisk());
    await first.stop();
    const second = await start({ dataDir });
    expect(await heldBy(second)).to.deep.equal({ memoryBytes: 0, diskBytes });
    await second.forget('k');
    expect(await heldBy(second)).to.deep.equal({ memoryBytes: 0, diskBytes: 0 });
    expect(await onDisk()).to.equal(0);
  });

  it('is memory alone without a dataDir, and known of other members', async () => {
    const first = await start({ name: 'first', listen: '127.0.0.1:0', dataDir });
    await first.execute(Dag.dynamic('d').add({ id: 'large', code: () => new Uint8Array(LARGE) }), { key: 'k' });
    const second = await start({ name: 'second', join: [first.address!] });
    await second.storeValue('e', 'x', new Uint8Array(LARGE));
    const held = (await second.nodes()).map(({ name, held }) => [name, held.memoryBytes >= LARGE, held.diskBytes] as const);
    expect(held).to.deep.equal([
      ['second', true, 0],
      ['first', true, await onDisk()],
    ]);
  });
});
