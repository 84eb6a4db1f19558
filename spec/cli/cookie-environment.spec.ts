import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { threadIsolation } from '../../lib/executor/isolations/thread.js';
import { Caller } from '../support/calls.js';
import { call, fixture } from './command.js';
import { NodeProcesses } from './nodes.js';

const COOKIE = 'a cookie of some length';
const NOWHERE = 'command: none\nthread: none,none,false,none\nloop: none,none,false,none\n';

describe('the cookie in HANDOFF_COOKIE', function () {
  this.timeout(160_000);
  const nodes = new NodeProcesses();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-cookie-'));
  afterEach(() => nodes.endAll());
  after(() => rmSync(folder, { recursive: true }));

  it('is seen by no function, no thread, no child process of either, and not while modules are loaded', async () => {
    const { code, stdout, stderr } = await call(['run', fixture('environment.mjs'), '-q'], { env: { HANDOFF_COOKIE: COOKIE } }).ended;
    expect(stderr).to.equal('');
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: NOWHERE });
  });

  it('is not seen either where a file gives the cookie', async () => {
    const file = join(folder, 'cookie');
    writeFileSync(file, `${COOKIE}\n`, { mode: 0o600 });
    const args = ['run', fixture('environment.mjs'), '-q', '--cookie-file', file];
    const { code, stdout } = await call(args, { env: { HANDOFF_COOKIE: `${COOKIE}, another` } }).ended;
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: NOWHERE });
  });

  it('is not seen, no more than HANDOFF_JOURNAL, whose URL may hold a password', async () => {
    const env = { HANDOFF_JOURNAL: 'postgres://u:secret@127.0.0.1:1/d', LOOK_AT: 'HANDOFF_JOURNAL' };
    const { code, stdout } = await call(['run', fixture('environment.mjs'), '-q'], { env }).ended;
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: NOWHERE });
  });

  it('lets nodes join, and is not seen by what they run', async () => {
    const surroundings = { env: { HANDOFF_COOKIE: COOKIE } };
    const worker = await nodes.start(['--name', 'worker'], surroundings);
    const run = await call(['run', fixture('environment.mjs'), '-q', '--join', worker.url, '--cpu', '0'], surroundings).ended;
    expect({ code: run.code, stdout: run.stdout }).to.deep.equal({ code: 0, stdout: NOWHERE });
  });

  it('is taken out of the environment of threads in every program', async () => {
    process.env.HANDOFF_COOKIE = COOKIE;
    const caller = new Caller(threadIsolation, { threads: 1 });
    try {
      const outcome = await caller.begin('environment', [], { module: './writers.ts' }).outcome;
      expect(outcome.type === 'succeeded' && outcome.values[0]!.open(false)).to.deep.equal([]);
    } finally {
      delete process.env.HANDOFF_COOKIE;
      await caller.isolation.close();
    }
  });
});
