import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fixture, handoff } from './command.js';

describe('handoff replay', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'handoff-replay-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The recording of a run that the command made. */
  async function recorded(name: string, ...args: string[]): Promise<string> {
    const file = join(folder, name);
    await handoff('run', ...args, '-q', '--record', file);
    return file;
  }

  it('shows what a run was at the end of the recording that handoff run --record wrote', async () => {
    const file = await recorded('sums.jsonl', fixture('sums.mjs'));
    expect(statSync(file).mode & 0o777, 'errors are in it').to.equal(0o600);
    const { code, stdout, stderr } = await handoff('replay', file);
    expect(stdout).to.match(/^run [\w-]+ of DAG "sums": ended, after \d+ happenings within \d+ ms\n4 functions: 4 succeeded\n/);
    expect(stdout).to.match(/^total +succeeded +1 +0 +\S+$/m);
    expect(stdout).to.match(/^ {2}\d+\.\d total running --succeeded--> succeeded$/m);
    expect(stdout).to.not.include('outstanding');
    expect([code, stderr]).to.deep.equal([0, '']);
  });

  it('prints one JSON object with --json, with the error of a run that failed', async () => {
    const file = await recorded('failing.jsonl', fixture('failing.mjs#several'));
    const { code, stdout } = await handoff('replay', file, '--json');
    expect(stdout.indexOf('\n')).to.equal(stdout.length - 1);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).to.include({ phase: 'ended' });
    expect(report.error).to.match(/^Function "\w+" failed/);
    expect(code).to.equal(0);
  });

  it('shows a recording that is cut off up to there, and says so', async () => {
    const file = await recorded('whole.jsonl', fixture('sums.mjs'));
    const lines = readFileSync(file, 'utf8').split('\n');
    const cut = join(folder, 'cut.jsonl');
    writeFileSync(cut, `${lines.slice(0, 3).join('\n')}\n${lines[3]!.slice(0, 20)}`);
    const { code, stdout, stderr } = await handoff('replay', cut);
    expect(stdout).to.match(/: open, after 2 happenings/);
    expect([code, stderr]).to.deep.equal([0, 'handoff: line 4 is cut off, and left out\n']);
  });

  it('refuses a file that is none, that is no recording, or of another version, with exit code 2', async () => {
    const other = join(folder, 'other.jsonl');
    writeFileSync(other, '{"handoffTrace":99}\n');
    for (const [file, said] of [
      [join(folder, 'nowhere'), 'Cannot replay: there is no such file (ENOENT)'],
      [folder, 'Cannot replay: it is a folder (EISDIR)'],
      [fixture('sums.mjs'), 'Cannot replay: the file is no recording of a run'],
      [other, 'Cannot replay: the recording is of version 99, and this handoff-dag reads version 3'],
    ] as const) {
      const { code, stdout, stderr } = await handoff('replay', file);
      expect(stderr).to.include(said);
      expect([code, stdout]).to.deep.equal([2, '']);
    }
  });

  it('does not let a run begin whose recording cannot be written', async () => {
    const { code, stderr } = await handoff('run', fixture('sums.mjs'), '--record', folder);
    expect(stderr).to.include('Cannot run: the recording cannot be written: it is a folder (EISDIR)');
    expect(code).to.equal(2);
  });
});
