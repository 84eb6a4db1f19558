import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Handoff, type NodeOptions, type Run } from '../../lib/index.js';
import { postgresForEach } from '../support/postgres-server.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, reasonsIn, startedIn } from './durable-node.js';
import { growingDag } from './programs/growing-dag.js';

const PROGRAM = fileURLToPath(new URL('programs/growing-run.ts', import.meta.url));

describe('a run that has grown, of a driver that was killed', () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-killed-'));
  });
  afterEach(() => rm(base, { recursive: true }));

  async function goesOn(options: NodeOptions): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [line] = await Promise.race([once(child.stdout, 'data'), exited]);
    expect(`${line}`).to.match(/^waiting\n/);
    child.kill('SIGKILL');
    await exited;
    await using node = await Handoff.start({ ...options, name: 'next', logger: spyLogger() });
    expect(await node.getResult('growing', 'sum')).to.deep.equal({ sum: 3 });
    expect(((await node.getResult('growing', 'large')) as Uint8Array[]).map((bytes) => [bytes.length, bytes[0]])).to.deep.equal([
      [100_000, 1],
      [100_000, 2],
      [100_000, 3],
    ]);
    expect(await node.lookupDataLocation('growing', 'large')).to.equal('killed');
    const run = node.execute(growingDag(false) as never, { key: 'cut', waitMs: 60_000 }) as Run<unknown>;
    const events = await eventsOf(run);
    expect(startedIn(events)).to.deep.equal(['first[2]', 'end']);
    expect(reasonsIn(events)).to.deep.equal({});
    const { results } = (await run) as unknown as { results: { end: unknown } };
    expect(results.end).to.deep.equal([[1, 2, 3], { sum: 3 }, { e: { e: { v: 1 } } }]);
    const [record] = await node.runs();
    expect(record).to.include({ state: 'completed', total: 19, succeeded: 19, resumptions: 1 });
    const again = node.execute(growingDag(false) as never, { key: 'cut' }) as Run<unknown>;
    expect(startedIn(await eventsOf(again))).to.deep.equal([]);
    expect((await again) as object)
      .to.have.property('results')
      .that.deep.equals(results);
  }

  it('goes on with the next node that has its dataDir: nothing that is recorded runs again', () => goesOn({ dataDir: join(base, 'data') }));

  describe('with the records in PostgreSQL', () => {
    const postgres = postgresForEach();

    it('goes on likewise', () => goesOn({ dataDir: join(base, 'data'), journal: postgres.url, leaseMs: 300 }));
  });
});
