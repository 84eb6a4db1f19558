import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
    const third = await handoff('resume', 'k', '--json', '-q');
    expect(third).to.include({ code: 0, stdout: '{"sum":112}\n' });
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

  it('says what is missing or wrong', async () => {
    const env = { NOTES: notes() };
    for (const [args, text] of [
      [['run', fixture('durable.mjs'), '--key', 'k'], '--data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL'],
      [['run', fixture('durable.mjs'), '--strict'], '--strict goes with --key'],
      [['runs'], '--data-dir or HANDOFF_DATA_DIR, or the database with --journal or HANDOFF_JOURNAL'],
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
