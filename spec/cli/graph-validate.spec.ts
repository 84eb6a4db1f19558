import { expect } from 'chai';
import { fixture, handoff } from './command.js';

describe('handoff graph', () => {
  it('prints Mermaid, or DOT where it is asked for, and nothing else', async () => {
    const mermaid = await handoff('graph', fixture('sums.mjs'));
    expect(mermaid).to.include({ code: 0, stderr: '' });
    expect(mermaid.stdout).to.match(/^flowchart TD\n[\s\S]* {2}numbers --> total\n[\s\S]*\n$/);
    const dot = await handoff('graph', fixture('sums.mjs'), '--format', 'dot');
    expect(dot).to.include({ code: 0, stderr: '' });
    expect(dot.stdout).to.match(/^digraph "sums" \{\n[\s\S]* {2}"numbers" -> "total";\n[\s\S]*\}\n$/);
  });

  it('draws an invalid DAG as it is', async () => {
    const { code, stdout } = await handoff('graph', fixture('invalid.mjs#faulty'));
    expect(stdout).to.include('nobody --> alone');
    expect(code).to.equal(0);
  });

  it('keeps what the module prints out of the picture', async () => {
    const { stdout, stderr } = await handoff('graph', fixture('output.mjs'));
    expect(stdout.startsWith('flowchart TD\n')).to.equal(true);
    expect(stderr).to.equal('the module is loaded\n');
  });
});

describe('handoff validate', () => {
  it('says that a DAG is valid', async () => {
    expect(await handoff('validate', fixture('sums.mjs'))).to.deep.equal({
      code: 0,
      stdout: 'DAG "sums" is valid: 4 functions\n',
      stderr: '',
    });
  });

  it('lists every fault on standard output, one a line, and exits 2', async () => {
    const { code, stdout, stderr } = await handoff('validate', fixture('invalid.mjs#faulty'));
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).to.deep.equal(['missing-function', 'invalid-cost', 'cycle', '']);
    expect(stderr).to.equal('handoff: DAG "faulty" is invalid: 3 faults\n');
    expect(code).to.equal(2);
  });
});
