import { expect } from 'chai';
import { call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

describe('handoff run --join', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  it('spreads a DAG over the nodes, and prints its results', async () => {
    const first = await nodes.start(['--name', 'first', '--cpu', '2']);
    await nodes.start(['--name', 'second', '--cpu', '2', '--join', first.url]);
    const { code, stdout, stderr } = await handoff(
      ...['run', fixture('spread.mjs#spread'), '--join', first.url, '--name', 'driver', '--cpu', '2', '--json'],
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).to.deep.equal({ code: 0, stderr: '' });
    const { together } = JSON.parse(stdout) as { together: string[] };
    expect(new Set(together)).to.deep.equal(new Set(['driver', 'first', 'second']));
    for (const name of ['driver', 'first', 'second']) expect(stderr).to.match(new RegExp(`^\\[where-\\d\\] on ${name}$`, 'm'));
  });

  it('survives a node that is killed', async () => {
    const first = await nodes.start(['--name', 'first', '--cpu', '2']);
    const second = await nodes.start(['--name', 'second', '--cpu', '2', '--join', first.url]);
    const run = call(['run', fixture('spread.mjs#spread'), '--join', first.url, '--name', 'driver', '--cpu', '0', '--json']);
    await run.says('on second');
    second.child.kill('SIGKILL');
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).to.deep.equal({ code: 0, stderr: '' });
    const { together } = JSON.parse(stdout) as { together: string[] };
    expect(together).to.have.length(8);
    expect(together).to.include('first');
  });

  it('reads whom to join from HANDOFF_JOIN, and exits 3 when nobody is there', async () => {
    const first = await nodes.start(['--name', 'first', '--cpu', '1']);
    const env = { HANDOFF_JOIN: `ws://127.0.0.1:9,${first.url}` };
    const joined = await call(['run', fixture('spread.mjs#spread'), '--cpu', '0', '--json'], { env }).ended;
    expect(JSON.parse(joined.stdout)).to.deep.equal({ together: Array.from({ length: 8 }, () => 'first') });
    const nobody = await handoff('run', fixture('sums.mjs'), '--join', 'ws://127.0.0.1:9', '--join-timeout-ms', '200');
    expect({ code: nobody.code, stdout: nobody.stdout }).to.deep.equal({ code: 3, stdout: '' });
  });
});
