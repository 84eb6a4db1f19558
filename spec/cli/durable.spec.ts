import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { call, type Ended, fixture } from './command.js';

describe('handoff with a folder for durable runs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const notes = (): string => join(folder, 'notes');
  const handoff = (...args: string[]): Promise<Ended> =>
    call(args, { env: { NOTES: notes(), HANDOFF_DATA_DIR: join(folder, 'data') } }).ended;
  const noted = async (): Promise<string[]> => (await readFile(notes(), 'utf8')).trim().split('\n').sort();

  it('goes on with a run whose process was killed, and says how many functions did not run again', async () => {
    const run = ['run', fixture('durable.mjs'), '--key', 'k', '--strict', '--max-concurrency', '1', '--json'];
    expect(await handoff(...run)).to.include({ code: null, stdout: '' });
    const after = await noted();
    expect(after).to.include('deadly');
    const listed = await handoff('runs', '--state', 'interrupted');
    expect(listed.stdout).to.match(/^key +dag +state +done +started +driver\nk +durable +interrupted +/);
    const again = await handoff(...run);
    expect(again).to.include({ code: 0, stdout: '{"sum":112}\n' });
    const before = after.filter((name) => name !== 'deadly');
    expect(again.stderr).to.include(`${before.length} of 4 functions did not run: their results had been recorded`);
    // What was told to have succeeded ran once.
    expect(await noted()).to.deep.equal(['a', 'added', 'b', 'deadly', 'deadly']);
    const third = await handoff('resume', 'k', '--json');
    expect(third).to.include({ code: 0, stdout: '{"sum":112}\n' });
    expect(third.stderr).to.include('4 of 4 functions did not run: their results had been recorded');
    expect(await noted()).to.have.length(5);
  });

  it('lists, goes on with all that is interrupted, and forgets', async () => {
    expect(await handoff('run', fixture('durable.mjs'), '--key', 'k', '-q')).to.include({ code: null });
    const all = await handoff('resume', '--all');
    expect(all).to.include({ code: 0, stdout: '' });
    expect(all.stderr).to.include('handoff: going on with k');
    const [listed] = JSON.parse((await handoff('runs', '--json')).stdout) as object[];
    expect(listed).to.include({ key: 'k', state: 'completed', total: 4, succeeded: 4, resumptions: 1 });
    expect(await handoff('forget', 'k')).to.include({ code: 0 });
    expect(await handoff('runs')).to.include({ code: 0, stdout: 'no runs\n' });
    expect(await handoff('forget', 'k')).to.include({ code: 1 });
  });

  it('is read beside a running node, and in use for the others; an interrupted command leaves its run cancelled', async () => {
    const env = { HANDOFF_DATA_DIR: join(folder, 'data') };
    const { child, ended, says } = call(['run', fixture('waiting.mjs#patient'), '--key', 'c'], { env });
    await says('[wait] waiting');
    expect(JSON.parse((await handoff('runs', '--json')).stdout)).to.have.nested.property('[0].state', 'running');
    for (const args of [['forget', 'c'], ['resume', 'c'], ['resume', '--all'], ['node']]) {
      const refused = await handoff(...args);
      expect(refused, args[0]).to.include({ code: 1, stdout: '' });
      expect(refused.stderr).to.include('HANDOFF_STORAGE_FAILED: in-use');
    }
    child.kill('SIGINT');
    expect((await ended).code).to.equal(130);
    const [listed] = JSON.parse((await handoff('runs', '--json')).stdout) as object[];
    expect(listed).to.include({ key: 'c', state: 'cancelled' }).and.have.nested.property('error.code', 'HANDOFF_RUN_CANCELLED');
  });

  it('goes on by itself beside a node with --resume', async () => {
    expect(await handoff('run', fixture('durable.mjs'), '--key', 'k', '-q')).to.include({ code: null });
    const env = { NOTES: notes(), HANDOFF_DATA_DIR: join(folder, 'data'), HANDOFF_RESUME: '1' };
    const { child, ended, says } = call(['node', '--name', 'heir'], { env });
    await says('a run that was resumed by itself has completed');
    child.kill('SIGTERM');
    expect((await ended).code).to.equal(0);
    const [listed] = JSON.parse((await handoff('runs', '--json')).stdout) as object[];
    expect(listed).to.include({ state: 'completed', driver: 'heir', succeeded: 4, resumptions: 1 });
  });

  it('marks the runs that wait for their caller or for other code', async () => {
    const env = { HANDOFF_DATA_DIR: join(folder, 'data') };
    const { child, ended, says } = call(['run', fixture('waiting.mjs#patient'), '--key', 'p'], { env });
    await says('[wait] waiting');
    child.kill('SIGKILL');
    await ended;
    expect((await handoff('runs')).stdout)
      .to.match(/^p +\S+ +interrupted +0\/\d+ .*\w$/m)
      .and.not.include('waits for');
    await mkdir(join(folder, 'elsewhere'));
    expect((await handoff('runs', '--root', join(folder, 'elsewhere'))).stdout).to.include('waits for a node with the code');
  });

  it('says what is missing or wrong', async () => {
    const env = { NOTES: notes() };
    for (const [args, text] of [
      [['run', fixture('durable.mjs'), '--key', 'k'], '--data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL'],
      [['run', fixture('durable.mjs'), '--strict'], '--strict goes with --key'],
      [['node', '--resume'], 'Cannot start with --resume: name the folder with --data-dir'],
      [['runs'], '--data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL; or a cluster with --join'],
      [['runs', '--join', 'ws://127.0.0.1:1', '--state', 'interrupted'], 'only recorded runs are interrupted'],
      [['resume'], 'give the key of a run, or --all'],
      [['resume', 'k', '--all', '--data-dir', 'x'], 'give the key of a run, or --all'],
      [['forget', 'k'], '--data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL'],
    ] as const) {
      const ended = await call(args, { env }).ended;
      expect(ended.code, args.join(' ')).to.equal(2);
      expect(ended.stderr).to.include(text);
    }
    expect(await handoff('resume', 'unknown')).to.include({ code: 1 });
  });
});
