import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { ObservedRun } from '../../lib/runner/index.js';
import { openReport } from '../observe/report/opened-report.js';
import { smallDisk } from '../support/small-disk.js';
import { call, type Ended, fixture } from './command.js';

describe('reports of the command line', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-report-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const out = (): string => join(folder, 'out.html');
  const handoff = (...args: string[]): Promise<Ended> => call(args, { env: { NOTES: join(folder, 'notes') } }).ended;
  const opened = async (): Promise<ObservedRun> => openReport(await readFile(out(), 'utf8')).run;
  const stateOf = (run: ObservedRun, id: string): string => run.stateOf(run.indexOf(id)!);

  describe('handoff run --report', () => {
    it('writes one of a run that completes, for its user alone, and says where it is', async () => {
      const { code, stdout, stderr } = await handoff('run', fixture('sums.mjs'), '--report', out());
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'report:\ntotal 10\nof five\ncount: { count: 5 }\n' });
      expect(stderr.trimEnd().split('\n').at(-1)).to.equal(`handoff: the report is in ${out()}`);
      const run = await opened();
      expect(run).to.include({ dagId: 'sums', state: 'completed', size: 4 });
      expect(run.attempts.count).to.equal(4);
      expect((await stat(out())).mode & 0o777).to.equal(0o600);
    });

    it('writes one of a run that fails, in place of what was there', async () => {
      await writeFile(out(), 'x'.repeat(2_000_000));
      const { code, stderr } = await handoff('run', fixture('failing.mjs#several'), '--on-failure', 'continue', '--report', out(), '-q');
      expect(code).to.equal(1);
      expect(stderr).to.include(`handoff: the report is in ${out()}\n`);
      const run = await opened();
      expect(run.state).to.equal('failed');
      expect(['row', 'disk', 'after', 'apart'].map((id) => stateOf(run, id))).to.deep.equal(['failed', 'failed', 'skipped', 'succeeded']);
      expect(run.attemptOf(run.indexOf('row')!)).to.equal(2);
    });

    it('writes one of a run that is interrupted', async () => {
      const { child, ended, says } = call(['run', fixture('waiting.mjs#patient'), '--report', out()]);
      await says('[wait] waiting');
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      expect(code).to.equal(130);
      expect(stderr).to.include(`handoff: interrupted\n`).and.to.include(`handoff: the report is in ${out()}\n`);
      const run = await opened();
      expect(run.state).to.equal('cancelled');
      expect(run.linesOf(run.indexOf('wait')!).map(({ line }) => line)).to.deep.equal(['waiting']);
    });

    it('tells before the run starts that it cannot be written, and leaves nothing where none is made', async () => {
      const missing = join(folder, 'no', 'out.html');
      const refused = await handoff('run', fixture('sums.mjs'), '--report', missing);
      expect(refused).to.deep.include({ code: 2, stdout: '' });
      expect(refused.stderr).to.equal(
        `handoff: Cannot run: the report cannot be written to ${missing}: there is no folder ${dirname(missing)} (ENOENT)\n`,
      );
      const isFolder = await handoff('run', fixture('sums.mjs'), '--report', folder);
      expect(isFolder).to.include({ code: 2 });
      expect(isFolder.stderr).to.include('it is a folder (EISDIR)');
      const invalid = await handoff('run', fixture('invalid.mjs'), '--report', out());
      expect(invalid.code).to.equal(2);
      expect(await readdir(folder)).to.deep.equal([]);
    });

    it('exits 1 if the disk is full when the run is over, with the results all the same', async () => {
      for (const option of ['--report', '--trace']) {
        const { code, stdout, stderr } = await handoff('run', fixture('sums.mjs'), '-q', option, '/dev/full');
        const what = option.slice(2);
        expect(stderr).to.equal(`handoff: the ${what} cannot be written to /dev/full: no space is left on the device (ENOSPC)\n`);
        expect(stdout).to.include('total 10');
        expect(code).to.equal(1);
      }
    });
  });

  it('are written whole or not at all: half of one is removed', async function () {
    const disk = await smallDisk(64);
    if (!disk) return this.skip();
    const [report, trace] = [join(disk.path, 'out.html'), join(disk.path, 'out.json')];
    try {
      await writeFile(report, 'an earlier one');
      const { code, stderr } = await handoff('run', fixture('sums.mjs'), '-q', '--report', report, '--trace', trace);
      expect(code).to.equal(1);
      expect(stderr).to.include(`handoff: the report cannot be written to ${report}: no space is left on the device (ENOSPC)\n`);
      expect(stderr).to.include(`handoff: the trace is in ${trace}\n`);
      expect(await readdir(disk.path)).to.deep.equal(['out.json']);
    } finally {
      await disk.remove();
    }
  });

  describe('handoff report', () => {
    const data = (): string => join(folder, 'data');
    const report = (key: string, ...more: string[]): Promise<Ended> => handoff('report', key, '--data-dir', data(), '-o', out(), ...more);

    it('writes one of what is recorded of a run: of one that was killed, and when it has gone on', async () => {
      const run = ['run', fixture('durable.mjs'), '--data-dir', data(), '--key', 'k', '--strict', '--max-concurrency', '1'];
      expect(await handoff(...run)).to.include({ code: null });
      // A killed driver's run counts as running until its lease has run out.
      expect(await report('k')).to.deep.equal({ code: 0, stdout: '', stderr: `handoff: the report is in ${out()}\n` });
      const killed = await opened();
      expect(killed.key).to.equal('k');
      expect(['a', 'b', 'killed', 'sum'].map((id) => stateOf(killed, id))).to.deep.equal(['succeeded', 'succeeded', 'waiting', 'waiting']);
      expect(await handoff(...run)).to.include({ code: 0 });
      expect(await report('k')).to.include({ code: 0 });
      const ended = await opened();
      expect(ended).to.include({ state: 'completed', dagId: 'durable' });
      expect(ended.attempts.count).to.equal(4);
      expect(ended.isolationOf(ended.indexOf('sum')!)).to.equal('thread');
      const { phases } = ended.attempts.row(0);
      expect(phases.runMs + phases.waitMs + phases.handOverMs).to.be.above(0);
    });

    it('exits 1 if the disk is full, and says what could not be written where', async () => {
      await handoff('run', fixture('durable.mjs'), '--data-dir', data(), '--key', 'k');
      const full = await report('k', '-o', '/dev/full');
      const stderr = 'handoff: the report cannot be written to /dev/full: no space is left on the device (ENOSPC)\n';
      expect(full).to.deep.equal({ code: 1, stdout: '', stderr });
    });

    it('says that there is no such run, or no such place, and writes nothing', async () => {
      await handoff('run', fixture('durable.mjs'), '--data-dir', data(), '--key', 'k');
      const unknown = await report('other');
      expect(unknown).to.include({ code: 1, stdout: '' });
      expect(unknown.stderr).to.include('There is no run of key "other"');
      expect(await handoff('report', 'k', '-o', out())).to.include({ code: 2 });
      const without = await handoff('report', 'k', '--data-dir', data());
      expect(without.code).to.equal(2);
      expect(without.stderr).to.include("required option '-o, --output <file>' not specified");
      expect(await readdir(folder)).to.not.include('out.html');
    });
  });
});
