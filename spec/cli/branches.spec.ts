import { expect } from 'chai';
import { fixture, handoff } from './command.js';

describe('DAGs with branches and optional functions, on the command line', () => {
  it('say what was not taken, and without which functions the run went on', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('branches.mjs'));
    expect(stdout).to.equal("end: [ undefined, 'B', undefined ]\n");
    const lines = stderr.split('\n');
    expect(lines).to.include('handoff: a was not taken').and.to.include('handoff: may failed on attempt 1');
    expect(lines).to.include('handoff: the run went on without may: Function "may" failed: oh');
    expect(code).to.equal(0);
  });

  it('say what was skipped as a function failed that it needs', async () => {
    const { code, stderr } = await handoff('run', fixture('branches.mjs#broken'), '--on-failure', 'continue');
    expect(stderr.split('\n')).to.include('handoff: below was skipped: a function that it needs failed');
    expect(code).to.equal(1);
  });
});
