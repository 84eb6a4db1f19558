import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { postgresForEach } from '../support/postgres-server.js';
import { call, type Ended, fixture } from './command.js';

describe('handoff with a journal in PostgreSQL', () => {
  const postgres = postgresForEach();
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-cli-'));
  });
  after(async () => {
    if (folder) await rm(folder, { recursive: true });
  });

  let notes: string;
  beforeEach(async () => {
    notes = join(await mkdtemp(join(folder, 'notes-')), 'notes');
  });
  const handoff = (...args: string[]): Promise<Ended> => call(args, { env: { NOTES: notes, HANDOFF_JOURNAL: postgres.url } }).ended;

  it('goes on with a run whose process was killed, as soon as its lease is over; lists and forgets it', async () => {
    const run = ['run', fixture('durable.mjs'), '--key', 'k', '--strict', '--max-concurrency', '1', '--json'];
    expect(await handoff(...run)).to.include({ code: null, stdout: '' });
    const running = await handoff('runs', '--json');
    expect(JSON.parse(running.stdout)).to.have.nested.property('[0].state', 'running');
    await postgres.server.query(`UPDATE ${postgres.schema}.sessions SET ends_at_ms = 0`);
    expect(JSON.parse((await handoff('runs', '--json', '--state', 'interrupted')).stdout)).to.have.length(1);
    const again = await handoff(...run);
    expect(again).to.include({ code: 0, stdout: '{"sum":112}\n' });
    expect(again.stderr).to.match(/[12] of 4 functions did not run: their results had been recorded/);
    expect((await readFile(notes, 'utf8')).trim().split('\n').sort()).to.deep.equal(['a', 'added', 'b', 'deadly', 'deadly']);
    expect(await handoff('resume', 'k', '--json', '-q', '--journal', postgres.url)).to.include({ code: 0, stdout: '{"sum":112}\n' });
    expect(await handoff('forget', 'k')).to.include({ code: 0 });
    expect(await handoff('runs')).to.include({ code: 0, stdout: 'no runs\n' });
  });

  it('waits for the lease of a driver that was killed', async () => {
    const run = ['run', fixture('durable.mjs'), '--key', 'waits', '--json', '-q'];
    expect(await handoff(...run)).to.include({ code: null, stdout: '' });
    // Of its ten seconds some are left when the next one looks: two are enough.
    const nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
    await postgres.server.query(`UPDATE ${postgres.schema}.sessions SET ends_at_ms = ${nowMs} + 2000`);
    expect(await handoff(...run)).to.include({ code: 0, stdout: '{"sum":112}\n' });
  });

  it('says that the database does not answer, and nothing of the password', async () => {
    const url = postgres.url.replace(`:${postgres.server.port}/`, ':1/');
    const ended = await handoff('run', fixture('durable.mjs'), '--key', 'k', '--journal', url, '--join-timeout-ms', '0');
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.include('127.0.0.1:1').and.not.include('only').and.not.include('schema=');
  });
});
