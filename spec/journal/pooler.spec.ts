import { expect } from 'chai';
import { type Journal, journals } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { groupsIn, openedRun, requestFor } from '../support/journal-runs.js';
import { type Pooler, poolerOf } from '../support/pooler.js';
import { postgresForEach } from '../support/postgres-server.js';
import { testClock } from '../support/test-clock.js';

/** Fewer than the nodes have, so that a connection serves several of them in turn. */
const CONNECTIONS = 2;
const GROUPS = 10;

describe('a journal in PostgreSQL behind a pooler in transaction mode', () => {
  const postgres = postgresForEach();
  let pooler: Pooler;
  before(async function () {
    const made = await poolerOf(postgres.server, CONNECTIONS);
    if (!made) return this.skip();
    pooler = made;
  });
  after(() => pooler?.remove());

  it('records what several nodes write at once, and lets one take over from another whose lease has ended', async () => {
    const open = (node: string): Promise<Journal> =>
      journals.postgres(pooler.url(postgres.schema), { node, clock: testClock(), leaseMs: 9_000 });
    const all = await Promise.all(['a', 'b', 'c'].map(open));
    const runs = await Promise.all(all.map((journal, at) => openedRun(journal, requestFor(`${at}`))));
    await Promise.all(
      runs.map(async (run) => {
        for (let group = 0; group < GROUPS; group += 1) await run.append(Uint8Array.of(group));
      }),
    );
    const [a, b] = all as [Journal, Journal];
    expect(await b.openRun(requestFor('0', { knownEpoch: 1 }))).to.include({ type: 'driven' });
    await postgres.server.query(`UPDATE "${postgres.schema}".sessions SET ends_at_ms = 0`);
    const [known] = await b.findRuns({ key: '0' });
    const taken = await openedRun(b, requestFor('0', { knownEpoch: 1, known: known! }));
    expect((await caught(runs[0]!.append(Uint8Array.of(99)))).code).to.equal('HANDOFF_RUN_TAKEN_OVER');
    await taken.append(Uint8Array.of(GROUPS));
    for (const [at, run] of [taken, ...runs.slice(1)].entries()) {
      const groups = (await groupsIn(a, run)).map(([first]) => first);
      expect(groups).to.deep.equal(Array.from({ length: at === 0 ? GROUPS + 1 : GROUPS }, (_, group) => group));
    }
    await Promise.all(all.map((journal) => journal.close()));
  });
});
