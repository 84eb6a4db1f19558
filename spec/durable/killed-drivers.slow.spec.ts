import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Dag, Handoff, type NodeOptions } from '../../lib/index.js';
import { postgresForEach } from '../support/postgres-server.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, startedIn } from './durable-node.js';

const PROGRAM = fileURLToPath(new URL('programs/large-run.ts', import.meta.url));
const LARGE = new Uint8Array(100_000).fill(5);

describe('large values of a driver that was killed', () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-killed-'));
  });
  afterEach(() => rm(base, { recursive: true }));

  async function arePreserved(options: NodeOptions): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = await Promise.race([once(child.stdout, 'data'), exited]);
    expect(`${line}`).to.equal('waiting\n');
    child.kill('SIGKILL');
    await exited;
    await using node = await Handoff.start({ ...options, name: 'next', logger: spyLogger() });
    // The cut run answers: it started last.
    expect(await node.getResult('d', 'large')).to.deep.equal(LARGE);
    expect(await node.lookupDataLocation('d', 'large')).to.equal('killed');
    const dag = Dag.dynamic('d')
      .add({ id: 'large', code: () => new Uint8Array(100_000).fill(5) })
      .add({ id: 'length', code: (large: Uint8Array) => large.length, args: ['large'], version: '1' });
    const run = node.execute(dag, { key: 'cut', waitMs: 60_000 });
    expect(startedIn(await eventsOf(run))).to.deep.equal(['length']);
    expect((await run).results).to.deep.equal({ large: LARGE, length: LARGE.length });
    const again = node.execute(dag, { key: 'completed' });
    expect(startedIn(await eventsOf(again))).to.deep.equal([]);
    expect((await again).results).to.deep.equal({ large: LARGE, length: LARGE.length });
  }

  it('are there for the next node with its dataDir', () => arePreserved({ dataDir: join(base, 'data') }));

  describe('with the records in PostgreSQL', () => {
    const postgres = postgresForEach();

    it('are there likewise', () => arePreserved({ dataDir: join(base, 'data'), journal: postgres.url, leaseMs: 300 }));
  });
});
