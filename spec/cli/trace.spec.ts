import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ChromeTrace } from '../../lib/index.js';
import { chromeTraceFaults } from '../observe/sinks/chrome-trace-faults.js';
import { fixture, handoff } from './command.js';

describe('handoff run --trace', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'handoff-trace-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const attemptsIn = ({ traceEvents }: ChromeTrace): unknown[] =>
    traceEvents.flatMap(({ ph, cat, name }) => (ph === 'X' && cat !== 'phase' ? [[name, cat]] : []));

  it('writes each attempt, with its phases, into a file that only its user may read', async () => {
    const file = join(folder, 'sums.json');
    const { code, stderr } = await handoff('run', fixture('sums.mjs'), '-q', '--trace', file);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: `handoff: the trace is in ${file}\n` });
    expect(statSync(file).mode & 0o777, 'errors may be in it').to.equal(0o600);
    const trace = JSON.parse(readFileSync(file, 'utf8')) as ChromeTrace;
    expect(chromeTraceFaults(trace)).to.deep.equal([]);
    expect(attemptsIn(trace)).to.deep.include(['total', 'succeeded']);
    expect(trace.traceEvents.filter(({ ph }) => ph === 's')).to.not.be.empty;
    expect(trace.otherData).to.include({ dagId: 'sums', attemptsLeftOut: 0 });
  });

  it('writes those of a run that failed too', async () => {
    const file = join(folder, 'failing.json');
    const { code } = await handoff('run', fixture('failing.mjs#parse'), '-q', '--trace', file);
    expect(code).to.equal(1);
    const trace = JSON.parse(readFileSync(file, 'utf8')) as ChromeTrace;
    expect(chromeTraceFaults(trace)).to.deep.equal([]);
    const failed = ['row', 'failed'];
    expect(attemptsIn(trace)).to.deep.equal([failed, failed, failed]);
  });

  it('does not let a run begin that would write two things into one file', async () => {
    const file = join(folder, 'both');
    for (const [first, second, text] of [
      ['--trace', '--report', 'the trace and the report would be the same file'],
      ['--record', '--trace', 'the trace and the recording would be the same file'],
    ] as const) {
      const { code, stdout, stderr } = await handoff('run', fixture('sums.mjs'), first, file, second, join(folder, '.', 'both'));
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.include(text);
    }
    expect(existsSync(file)).to.equal(false);
    expect((await handoff('run', fixture('sums.mjs'), '-q', '--trace', '/dev/null', '--report', '/dev/null')).code).to.equal(0);
  });

  it('does not let a run begin whose trace cannot be written', async () => {
    const { code, stderr } = await handoff('run', fixture('sums.mjs'), '--trace', folder);
    expect(stderr).to.include(`Cannot run: the trace cannot be written to ${folder}: it is a folder (EISDIR)`);
    expect(code).to.equal(2);
  });
});
