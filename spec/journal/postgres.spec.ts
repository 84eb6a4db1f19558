import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { type Journal, type JournalOptions, journals, type OpenRunRequest, type RunJournal } from '../../lib/journal/index.js';
import { PostgresStore } from '../../lib/journal/postgres/postgres-store.js';
import { parsePostgresUrl } from '../../lib/journal/postgres/postgres-url.js';
import { MIGRATIONS } from '../../lib/journal/sql/schema.js';
import { caught } from '../support/caught.js';
import { groupsIn, openedRun, requestFor } from '../support/journal-runs.js';
import { POSTGRES_PASSWORD, postgresForEach } from '../support/postgres-server.js';
import { settled, type TestClock, testClock } from '../support/test-clock.js';

const LEASE_MS = 9_000;

const opened = (journal: Journal, key: string, given?: Partial<OpenRunRequest>): Promise<RunJournal> =>
  openedRun(journal, requestFor(key, given));

const groupsOf = async (journal: Journal, run: RunJournal): Promise<number[]> => (await groupsIn(journal, run)).map(([first]) => first!);

/** Appends until it is written, as a driver does while its database is away. */
async function appendUntilWritten(run: RunJournal, bytes: Uint8Array): Promise<void> {
  for (;;) {
    try {
      return await run.append(bytes);
    } catch (error) {
      if ((error as { reason?: string }).reason !== 'unreachable') throw error;
      await settled(1);
    }
  }
}

/** Moves the clock until the lease is held: each step lets a renewal that failed be tried again. */
async function heldAgain(journal: Journal, clock: TestClock): Promise<void> {
  let isHeld = false;
  const held = journal.lease.whenHeld().then(() => {
    isHeld = true;
  });
  while (!isHeld) {
    clock.advance(100);
    await settled(1);
  }
  await held;
}

describe('the URL of a journal in PostgreSQL', () => {
  it('names a schema, and is passed on without it', () => {
    const parse = (url: string) => Object.values(parsePostgresUrl(url));
    expect(parse('postgres://u@h/db')).to.deep.equal(['postgres://u@h/db', 'handoff']);
    expect(parse('postgresql://u@h/db?schema=_a1&sslmode=disable')).to.deep.equal(['postgresql://u@h/db?sslmode=disable', '_a1']);
    expect(parse('postgres://u@/db?host=/run/postgresql&schema=x')).to.deep.equal(['postgres://u@/db?host=%2Frun%2Fpostgresql', 'x']);
  });

  it('is refused with a schema of another form, and when it is none, without its password', () => {
    for (const schema of ['', 'A', '1a', 'a-b', 'a"b', 'ü', 'a'.repeat(64), 'a%00b']) {
      const parse = () => parsePostgresUrl(`postgres://u:secret@h/db?schema=${schema}`);
      expect(parse, schema).to.throw(RangeError).with.property('message').that.does.not.contain('secret');
    }
    expect(parsePostgresUrl(`postgres://h/db?schema=${'a'.repeat(63)}`).schema).to.have.length(63);
    expect(() => parsePostgresUrl('mysql://u:secret@h/db'))
      .to.throw(TypeError)
      .with.property('message')
      .that.does.not.contain('secret');
  });
});

describe('a journal in a database that lets in and is silent, as a pooler whose database is away', () => {
  it('is unreachable when the time to open it is over, not a statement’s', async () => {
    const sockets: Socket[] = [];
    const pooler = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      // "You are in", and "ready for a query", once. No query is answered.
      socket.once('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])));
    }).listen(0, '127.0.0.1');
    await once(pooler, 'listening');
    try {
      const url = `postgres://u@127.0.0.1:${(pooler.address() as AddressInfo).port}/db`;
      const error = await caught(journals.postgres(url, { node: 'a', clock: testClock(), leaseMs: LEASE_MS }));
      expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
      expect(sockets).to.have.length(1);
    } finally {
      for (const socket of sockets) socket.destroy();
      pooler.close();
    }
  });
});

describe('a journal in PostgreSQL', () => {
  const postgres = postgresForEach();
  const journalsOpen: Journal[] = [];

  afterEach(async () => {
    await postgres.server.start();
    for (const journal of journalsOpen.splice(0)) await journal.close();
  });

  async function open(given: Partial<JournalOptions> = {}, url = postgres.url): Promise<Journal> {
    const journal = await journals.postgres(url, { node: 'a', clock: testClock(), leaseMs: LEASE_MS, ...given });
    journalsOpen.push(journal);
    return journal;
  }

  it('makes its tables once, however many nodes open it at first', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, (_, at) => open({ node: `${at}` })));
    await Promise.all(all.map((journal, at) => opened(journal, `${at}`)));
    expect(await all[0]!.findRuns()).to.have.length(6);
    expect(await postgres.server.query(`SELECT version FROM "${postgres.schema}".journal`)).to.deep.equal([{ version: '1' }]);
  });

  it('names its schema with each table, wherever the search path leads, and relies on no default of the database', async () => {
    await postgres.server.query(`ALTER ROLE tester SET search_path TO 'nowhere'`);
    await postgres.server.query(`ALTER ROLE tester SET default_transaction_isolation TO 'serializable'`);
    try {
      const [a, b] = [await open(), await open({ node: 'b' })];
      const run = await opened(a, 'k');
      await Promise.all([run.append(Uint8Array.of(1)), ...Array.from({ length: 10 }, (_, at) => opened(b, `other ${at}`))]);
      expect(await groupsOf(b, run)).to.deep.equal([1]);
    } finally {
      await postgres.server.query('ALTER ROLE tester RESET ALL');
    }
  });

  it('leaves nothing behind in a connection, so that a pooler may hand it to another node after each transaction', async () => {
    const journal = await open();
    await opened(journal, 'k');
    const locks = await postgres.server.query(`SELECT * FROM pg_locks WHERE locktype = 'advisory'`);
    expect(locks).to.deep.equal([]);
    const own = `FROM pg_stat_activity WHERE application_name = 'handoff-dag'`;
    expect(await postgres.server.query(`SELECT 1 ${own} AND state <> 'idle'`)).to.deep.equal([]);
  });

  it('says nowhere what the URL holds: no password, no query', async () => {
    const wrong = postgres.url.replace(encodeURIComponent(POSTGRES_PASSWORD), 'wr0ng-password').concat('&options=-c%20geqo%3Doff');
    const refused = await caught(open({ openTimeoutMs: 1e9 }, wrong));
    expect(refused).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
    expect(refused.message).to.contain(`127.0.0.1:${postgres.server.port}`);
    await postgres.server.stop();
    const away = await caught(open());
    expect(away).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
    for (const error of [refused, away]) {
      const all = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
      for (const secret of ['wr0ng-password', POSTGRES_PASSWORD, encodeURIComponent(POSTGRES_PASSWORD), 'geqo', 'schema='])
        expect(all).to.not.contain(secret);
    }
  });

  it('takes the password of PGPASSWORD, and of the file that PGPASSFILE names', async () => {
    const url = postgres.url.replace(`:${encodeURIComponent(POSTGRES_PASSWORD)}`, '');
    const folder = await mkdtemp(join(tmpdir(), 'handoff-pgpass-'));
    const file = join(folder, 'pgpass');
    await writeFile(file, `127.0.0.1:${postgres.server.port}:*:tester:${POSTGRES_PASSWORD}\n`, { mode: 0o600 });
    const before = { ...process.env };
    const warnings: unknown[] = [];
    const listen = (warning: unknown) => warnings.push(warning);
    process.on('warning', listen);
    try {
      Object.assign(process.env, { PGPASSFILE: join(folder, 'none') });
      expect((await caught(open({}, url))).reason).to.equal('unreachable');
      Object.assign(process.env, { PGPASSFILE: file });
      await open({}, url);
      Object.assign(process.env, { PGPASSFILE: join(folder, 'none'), PGPASSWORD: POSTGRES_PASSWORD });
      await open({}, url);
    } finally {
      process.off('warning', listen);
      for (const name of ['PGPASSFILE', 'PGPASSWORD']) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
      await rm(folder, { recursive: true });
    }
    expect(warnings).to.deep.equal([]);
  });

  it('waits for a database that comes while it is tried', async () => {
    await postgres.server.stop();
    const clock = testClock();
    let journal: Journal | undefined;
    const opening = open({ clock, openTimeoutMs: 1e9 }).then((one) => {
      journal = one;
    });
    await settled();
    await postgres.server.start();
    while (!journal) {
      clock.advance(100);
      await settled(1);
    }
    await opening;
    expect(await journal.findRuns()).to.deep.equal([]);
  });

  it('records each group once, whenever its connections are killed', async () => {
    const journal = await open();
    const run = await opened(journal, 'k');
    let isOver = false;
    const killing = (async () => {
      while (!isOver) {
        await postgres.server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'handoff-dag'`);
        await settled(3);
      }
    })();
    const numbers = Array.from({ length: 60 }, (_, at) => at);
    for (const number of numbers) await appendUntilWritten(run, Uint8Array.of(number));
    isOver = true;
    await killing;
    expect(await groupsOf(await open({ node: 'reader', isReadOnly: true }), run)).to.deep.equal(numbers);
  });

  it('keeps the lease while the database is away for less than it lasts', async () => {
    const clock = testClock();
    const journal = await open({ clock });
    const run = await opened(journal, 'k');
    await postgres.server.stop();
    expect(await caught(run.append(Uint8Array.of(1)))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
    clock.advance(LEASE_MS / 3);
    await settled();
    expect(journal.lease.isHeld()).to.equal(true);
    await postgres.server.start();
    await appendUntilWritten(run, Uint8Array.of(1));
    expect(journal.lease.isHeld()).to.equal(true);
    expect(await groupsOf(journal, run)).to.deep.equal([1]);
  });

  it('loses the lease while the database is away for longer, and goes on if nobody took the run', async () => {
    const clock = testClock();
    const journal = await open({ clock });
    const run = await opened(journal, 'k');
    await postgres.server.stop();
    clock.advance(LEASE_MS);
    expect(journal.lease.isHeld()).to.equal(false);
    expect(await caught(run.append(Uint8Array.of(1)))).to.include({ reason: 'unreachable' });
    await postgres.server.start();
    await heldAgain(journal, clock);
    await appendUntilWritten(run, Uint8Array.of(1));
    expect(run.signal.aborted).to.equal(false);
    expect(await groupsOf(journal, run)).to.deep.equal([1]);
  });

  it('tells a driver that was away for longer that its run was taken over, as soon as it renews', async () => {
    const clock = testClock();
    const [a, b] = [await open({ clock }), await open({ node: 'b' })];
    const run = await opened(a, 'k');
    clock.advance(LEASE_MS - 1);
    await settled();
    await postgres.server.query(`UPDATE "${postgres.schema}".sessions SET ends_at_ms = 0 WHERE node = 'a'`);
    const heir = await opened(b, 'k', { knownEpoch: 1 });
    const aborted = new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve()));
    while (!run.signal.aborted) {
      clock.advance(100);
      await settled(1);
    }
    await aborted;
    expect(run.signal.reason).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER', runId: 'run of k' });
    await heir.append(Uint8Array.of(2));
    expect(await groupsOf(a, run)).to.deep.equal([2]);
  });

  it('closes although the database is silent, and what is under way fails', async () => {
    const clock = testClock();
    const journal = await open({ clock });
    const run = await opened(journal, 'k');
    postgres.server.pause();
    try {
      const appended = caught(run.append(Uint8Array.of(1)));
      await settled();
      const closed = journal.close();
      clock.advance(60_000);
      await closed;
      expect(await appended).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
    } finally {
      postgres.server.resume();
    }
  });

  it('closes likewise while it connects', async () => {
    const clock = testClock();
    const journal = await open({ clock });
    postgres.server.pause();
    try {
      // More than there are connections: some are being made, and others waited for.
      const asked = [1, 2, 3, 4, 5, 6].map(() => caught(journal.findRuns()));
      await settled();
      const closed = journal.close();
      clock.advance(60_000);
      await closed;
      for (const error of await Promise.all(asked)) {
        expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
        expect(error.message).not.to.include('timeout');
      }
    } finally {
      postgres.server.resume();
    }
  });

  it('lets drivers take runs over from each other at once', async () => {
    const [a, b] = [await open(), await open({ node: 'b' })];
    for (let at = 0; at < 20; at += 1) {
      await opened(a, `a${at}`);
      await opened(b, `b${at}`);
    }
    await postgres.server.query(`UPDATE "${postgres.schema}".sessions SET ends_at_ms = 0`);
    const takes = Array.from({ length: 20 }, (_, at) => [
      a.openRun(requestFor(`b${at}`, { knownEpoch: 1 })),
      b.openRun(requestFor(`a${at}`, { knownEpoch: 1 })),
    ]);
    const types = (await Promise.all(takes.flat())).map(({ type }) => type);
    expect(types.every((type) => type === 'opened' || type === 'driven')).to.equal(true);
    expect(types).to.include('opened');
  });

  it('deletes the groups of what was forgotten also when that was interrupted', async () => {
    const journal = await open();
    const run = await opened(journal, 'k');
    for (let at = 0; at < 250; at += 1) await run.append(Uint8Array.of(at % 251));
    await opened(journal, 'kept', { opening: [Uint8Array.of(7)] });
    await run.end('completed', new Uint8Array());
    await postgres.server.query(`WITH gone AS (DELETE FROM "${postgres.schema}".runs WHERE key = 'k' RETURNING run_id)
      INSERT INTO "${postgres.schema}".forgotten SELECT run_id FROM gone`);
    const other = await opened(journal, 'other');
    await other.end('completed', new Uint8Array());
    await journal.forgetRun('other');
    expect(await postgres.server.query(`SELECT count(*) FROM "${postgres.schema}".groups`)).to.deep.equal([{ count: '1' }]);
    expect(await postgres.server.query(`SELECT count(*) FROM "${postgres.schema}".forgotten`)).to.deep.equal([{ count: '0' }]);
  });

  describe('of another version', () => {
    const addColumn = () => [`ALTER TABLE "${postgres.schema}".runs ADD COLUMN more text`];
    const openNext = async (): Promise<void> => {
      const options = { clock: testClock(), leaseMs: LEASE_MS, openTimeoutMs: 0, isReadOnly: false };
      const store = await PostgresStore.open(postgres.url, { ...options, migrations: [...MIGRATIONS, addColumn] });
      await store.close();
    };

    it('is migrated when no node of an older version holds a lease', async () => {
      await open();
      expect(await caught(openNext())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'version' });
      await postgres.server.query(`UPDATE "${postgres.schema}".sessions SET ends_at_ms = 0`);
      await openNext();
      expect(await postgres.server.query(`SELECT version FROM "${postgres.schema}".journal`)).to.deep.equal([{ version: '2' }]);
      await openNext();
    });

    it('is left alone by a node that does not know it, also if it was open before', async () => {
      const clock = testClock();
      const before = await open({ clock });
      await postgres.server.query(`UPDATE "${postgres.schema}".sessions SET ends_at_ms = 0`);
      await openNext();
      expect(await caught(open())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'version' });
      expect(await caught(open({ isReadOnly: true }))).to.include({ reason: 'version' });
      expect(await caught(before.openRun(requestFor('k')))).to.include({ reason: 'version' });
      clock.advance(LEASE_MS);
      await settled();
      expect(before.lease.isHeld()).to.equal(false);
    });
  });
});
