import { inspect } from 'node:util';
import { expect } from 'chai';
import { Dag, Handoff, JournalReader, type NodeOptions } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { POSTGRES_PASSWORD, postgresForEach } from '../support/postgres-server.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, recalledIn, startedIn } from './durable-node.js';

describe('nodes that share a journal in PostgreSQL', () => {
  const postgres = postgresForEach();
  const started: Handoff[] = [];

  afterEach(async () => {
    for (const node of started.splice(0)) await node.stop({ graceMs: 0 });
  });

  async function start(name: string, options: NodeOptions = {}): Promise<Handoff> {
    const given = { name, journal: postgres.url, capabilities: { cpu: 2 }, logger: spyLogger(), ...options };
    const handoff = await Handoff.start(given);
    started.push(handoff);
    return handoff;
  }

  /** `first` succeeds at once, `second` when the gate is open. */
  const dagAt = (held: Gate) =>
    Dag.dynamic('shared')
      .add({ id: 'first', code: () => 20 })
      .add({
        id: 'second',
        code: async (x: number) => {
          await held.pass();
          return x + 1;
        },
        args: ['first'],
      });

  it('have one driver for a run; others are told which node it is, or wait for its end', async () => {
    const [a, b] = [await start('a'), await start('b')];
    const held = gate();
    const run = a.execute(dagAt(held), { key: 'k' });
    await held.reached;
    const refused = await caught(b.execute(dagAt(held), { key: 'k' }));
    expect(refused).to.include({ code: 'HANDOFF_DAG_RUNNING', node: 'a', runId: run.id });
    expect(await caught(b.forget('k'))).to.include({ code: 'HANDOFF_DAG_RUNNING', node: 'a' });
    const waiting = b.execute(dagAt(held), { key: 'k', waitMs: 1e9 });
    held.open();
    expect((await run).results).to.deep.equal({ first: 20, second: 21 });
    expect(startedIn(await eventsOf(waiting))).to.deep.equal([]);
    expect((await waiting).results).to.deep.equal({ first: 20, second: 21 });
    expect(waiting.id).to.equal(run.id);
    await using reader = await JournalReader.open({ journal: postgres.url });
    expect(await reader.runs()).to.deep.equal(await b.runs());
    expect((await reader.runs())[0]).to.include({ key: 'k', state: 'completed', driver: 'a', succeeded: 2, total: 2 });
  });

  it('go on with the run of a node that was stopped; what had succeeded does not run again', async () => {
    const [a, b] = [await start('a'), await start('b')];
    const held = gate();
    const run = a.execute(dagAt(held), { key: 'k', durability: 'strict' });
    const aborted = caught(run);
    await held.reached;
    await a.stop({ graceMs: 0 });
    await aborted;
    held.open();
    expect((await b.runs({ state: 'interrupted' }))[0]).to.include({ key: 'k', driver: 'a' });
    const again = b.execute(dagAt(held), { key: 'k' });
    expect(recalledIn(await eventsOf(again))).to.deep.equal(['first']);
    expect((await again).results).to.deep.equal({ first: 20, second: 21 });
    expect(again.id).to.equal(run.id);
  });

  it('take a run over when the lease of its driver has run out; the former driver is told, and records nothing more', async () => {
    const [a, b] = [await start('a', { leaseMs: 3_000 }), await start('b')];
    const [held, later] = [gate(), gate()];
    const run = a.execute(dagAt(held), { key: 'k', durability: 'strict' });
    const former = caught(run);
    await held.reached;
    // As if `a` had been silent for so long: its next renewal comes after that.
    async function isTakenOver(): Promise<boolean> {
      await postgres.server.query(`UPDATE "${postgres.schema}".sessions SET ends_at_ms = 0 WHERE node = $1`, [Buffer.from('a')]);
      const heir = b.execute(dagAt(later), { key: 'k' });
      const outcome = await Promise.race([later.reached.then(() => 'driven'), heir.then(String, (error) => String(error.code))]);
      if (outcome === 'HANDOFF_DAG_RUNNING') return false;
      expect(outcome).to.equal('driven');
      expect(await former).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER', runId: run.id });
      held.open();
      later.open();
      expect(recalledIn(await eventsOf(heir))).to.deep.equal(['first']);
      expect((await heir).results).to.deep.equal({ first: 20, second: 21 });
      return true;
    }
    while (!(await isTakenOver()));
    expect((await b.runs())[0]).to.include({ state: 'completed', driver: 'b' });
  });

  it('wait while the database is away, and go on when it is back', async () => {
    const a = await start('a');
    const held = gate();
    const run = a.execute(dagAt(held), { key: 'k', durability: 'strict' });
    await held.reached;
    await postgres.server.stop();
    held.open();
    await postgres.server.start();
    expect((await run).results).to.deep.equal({ first: 20, second: 21 });
    expect((await a.runs())[0]).to.include({ state: 'completed', succeeded: 2 });
  });

  it('do not start without it: unreachable after joinTimeoutMs, and the password is told nowhere', async () => {
    const logger = spyLogger();
    await postgres.server.stop();
    const error = await caught(start('a', { joinTimeoutMs: 0, logger }));
    expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
    await postgres.server.start();
    const handoff = await start('a', { logger });
    const told = inspect([error, logger, await handoff.status()], { depth: 12 });
    for (const secret of [POSTGRES_PASSWORD, encodeURIComponent(POSTGRES_PASSWORD), 'schema=']) expect(told).to.not.contain(secret);
  });
});

describe('the option journal', () => {
  it('is a URL of PostgreSQL with a schema of a plain form, and its error does not repeat it', async () => {
    for (const [journal, type] of [
      [5, TypeError],
      ['', TypeError],
      ['mysql://u:secret@h/d', TypeError],
      ['postgres://u:secret@h/d?schema=A', RangeError],
    ] as const) {
      const error = await caught(Handoff.start({ journal } as never));
      expect(error).to.be.instanceOf(type);
      expect(error.message).to.contain('journal').and.not.contain('secret');
      expect(await caught(JournalReader.open({ journal } as never))).to.be.instanceOf(type);
    }
    expect(await caught(Handoff.start({ leaseMs: 99 }))).to.be.instanceOf(RangeError);
  });
});
