import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Dag, type Handoff, type NodeOptions } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { DurablePlaces } from './durable-node.js';

const LARGE = 100_000;
const bytes = (n: number): Uint8Array => new Uint8Array(LARGE).fill(n);

/** A small result, a large one, and one that is not collected. */
const dag = (n: number) =>
  Dag.dynamic('d')
    .add({ id: 'small', code: () => n })
    .add({ id: 'large', code: () => bytes(n) })
    .add({ id: 'inner', code: () => bytes(n + 1) })
    .add({ id: 'outer', code: (inner: Uint8Array) => inner.length, args: ['inner'] });
const collect = ['small', 'large', 'outer'] as const;

describe('the results of durable runs, by DAG id', () => {
  let dataDir: string;
  let places: DurablePlaces;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'handoff-results-'));
    places = new DurablePlaces();
  });
  afterEach(async () => {
    await places.stop();
    await rm(dataDir, { recursive: true });
  });

  const start = (name = 'here', options: NodeOptions = {}): Promise<Handoff> => places.start(name, { dataDir, ...options });

  /** Executes the DAG under a key on a node of its own, which is stopped then. */
  async function executed(key: string, n: number): Promise<void> {
    const node = await start('before');
    await node.execute(dag(n), { key, collect });
    await node.stop();
  }

  it('are there after a restart, also after clear: small ones, and large ones that were collected', async () => {
    await executed('k', 7);
    const node = await start();
    for (let times = 0; times < 2; times += 1) {
      expect(await node.getResult('d', 'small')).to.equal(7);
      expect(await node.getResult('d', 'large')).to.deep.equal(bytes(7));
      expect(await node.getValue('d', 'small')).to.equal(7);
      expect(await node.getValue('d', 'large')).to.deep.equal(bytes(7));
      expect(await node.getLocalValue('d', 'large')).to.deep.equal(bytes(7));
      expect(await node.lookupDataLocation('d', 'large')).to.equal('before');
      await node.clear('d');
    }
  });

  it('are those of the run that started last', async () => {
    await executed('first', 1);
    await executed('second', 2);
    const node = await start();
    expect(await node.getResult('d', 'small')).to.equal(2);
    // A run that is not recorded answers as long as this node keeps what it left, with what it left.
    await node.execute(Dag.dynamic('d').add({ id: 'small', code: () => 3 }));
    expect(await node.getResult('d', 'small')).to.equal(3);
    expect(await caught(node.getValue('d', 'large'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    await node.clear('d');
    expect(await node.getValue('d', 'large')).to.deep.equal(bytes(2));
  });

  it('are there while their run goes on', async () => {
    await executed('k', 1);
    const node = await start();
    const run = node.execute(dag(1), { key: 'k', collect: ['outer'] });
    await run;
    expect(await node.getValue('d', 'large')).to.deep.equal(bytes(1));
  });

  it('are not those of functions that are other ones now, and have not succeeded yet', async () => {
    const versions = (small: string) =>
      Dag.dynamic('d')
        .add({ id: 'kept', code: () => 1, version: '1' })
        .add({ id: 'small', code: (): Promise<string> | string => (small === '1' ? small : new Promise(() => {})), version: small })
        .add({ id: 'outer', code: (text: string) => text, version: '1', args: ['small'] });
    const before = await start('before');
    await before.execute(versions('1'), { key: 'k' });
    const cut = before.execute(versions('2'), { key: 'k' });
    const error = caught(cut);
    for await (const event of cut) if (event.type === 'function-started') break;
    await before.stop({ graceMs: 0 });
    await error;
    const node = await start();
    expect(await node.getValue('d', 'kept')).to.equal(1);
    for (const id of ['small', 'outer']) {
      expect(await caught(node.getValue('d', id))).to.include({ code: 'HANDOFF_NOT_FOUND' });
      expect(await caught(node.lookupDataLocation('d', id))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    }
  });

  it('come before a program ends that does nothing else', async () => {
    const program = fileURLToPath(new URL('programs/read-record.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, join(dataDir, 'data')]);
    expect(stdout).to.equal('60000 1\n');
  });

  it('are lost where their file is: at once', async () => {
    await executed('k', 1);
    const [folder] = await readdir(join(dataDir, 'values'));
    await rm(join(dataDir, 'values', folder!), { recursive: true });
    const node = await start();
    for (const asked of [node.getResult('d', 'large', { timeoutMs: 1e9 }), node.getValue('d', 'large'), node.getLocalValue('d', 'large')]) {
      expect(await caught(asked)).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'large' });
    }
    expect(await caught(node.getResult('d', 'inner', { timeoutMs: 1e9 }))).to.include({ code: 'HANDOFF_RESULT_LOST' });
    expect(await node.getResult('d', 'small')).to.equal(1);
  });

  it('are unknown where nothing is recorded', async () => {
    await executed('k', 1);
    const node = await start();
    for (const [dagId, id] of [
      ['d', 'none'],
      ['other', 'small'],
    ] as const) {
      expect(await caught(node.getResult(dagId, id, { timeoutMs: 1 }))).to.include({ code: 'HANDOFF_TIMEOUT' });
      expect(await caught(node.getValue(dagId, id))).to.include({ code: 'HANDOFF_NOT_FOUND' });
      expect(await caught(node.lookupDataLocation(dagId, id))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    }
  });

  it('come from the member that has them', async () => {
    await executed('k', 4);
    const node = await start('here', { listen: '127.0.0.1:0' });
    await using other = await new DurablePlaces().start('other', { join: [node.address!] });
    expect(await other.getResult('d', 'small')).to.equal(4);
    expect(await other.getResult('d', 'large')).to.deep.equal(bytes(4));
    expect(await other.getValue('d', 'outer')).to.equal(LARGE);
    expect(await other.lookupDataLocation('d', 'small')).to.equal('before');
  });
});
