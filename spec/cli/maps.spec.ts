import { expect } from 'chai';
import { fixture, handoff } from './command.js';

describe('DAGs with maps, on the command line', () => {
  it('run, with a line for each element and each map', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('maps.mjs'));
    expect(stdout).to.equal("told: [ 'n 0', 'n 2', 'n 4' ]\ntotal: 6\n");
    expect(stderr.split('\n')[0]).to.equal('handoff: running "maps": 4 functions');
    for (const id of ['numbers', 'doubled[0]', 'doubled[2]', 'doubled', 'told[1]', 'told', 'total']) {
      expect(
        stderr.split('\n').filter((line) => line.startsWith(`handoff: ${id} done in `)),
        id,
      ).to.have.length(1);
    }
    expect(code).to.equal(0);
  });

  it('tell of every tenth element of a large map', async () => {
    const { code, stderr } = await handoff('run', fixture('maps.mjs#many'));
    const lines = stderr.split('\n').filter((line) => line.startsWith('handoff: doubled'));
    expect(lines.slice(0, 10)).to.deep.equal([5, 10, 15, 20, 25, 30, 35, 40, 45, 50].map((n) => `handoff: doubled ${n}/50 done`));
    expect(lines.slice(10)).to.have.length(1);
    expect(lines[10]).to.match(/^handoff: doubled done in /);
    expect(code).to.equal(0);
  });

  it('say which map has no array', async () => {
    const { code, stderr } = await handoff('run', fixture('maps.mjs#text'));
    expect(stderr).to.include('handoff: letters failed').and.to.include('word');
    expect(code).to.equal(1);
  });

  it('are validated and drawn', async () => {
    expect(await handoff('validate', fixture('maps.mjs'))).to.include({ code: 0, stdout: 'DAG "maps" is valid: 4 functions\n' });
    const faults = await handoff('validate', fixture('maps.mjs#wrong'));
    expect(faults.stdout.split('\n').map((line) => line.split(' ')[0])).to.have.members(['missing-function', 'id-clash', '']);
    expect(faults.code).to.equal(2);
    const mermaid = await handoff('graph', fixture('maps.mjs'));
    expect(mermaid.stdout).to.include('numbers ==> doubled').and.to.include('doubled --> total');
    expect(mermaid.code).to.equal(0);
  });
});
