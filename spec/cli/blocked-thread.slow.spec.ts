import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Fifo } from '../support/fifo.js';
import { call, fixture } from './command.js';
import { NodeProcesses } from './nodes.js';

/** The signal that a call was ended by; it is not to be ended by the FIFO. */
const endedBy = async ({ child, ended }: ReturnType<typeof call>): Promise<NodeJS.Signals | null> => {
  await ended;
  return child.signalCode;
};

describe('the command, with a thread that is blocked in a system call', () => {
  const nodes = new NodeProcesses();
  let fifo: Fifo;
  beforeEach(() => {
    fifo = new Fifo();
  });
  afterEach(async () => {
    await fifo.release();
    await nodes.endAll();
    fifo.remove();
  });
  const run = (...args: readonly string[]): ReturnType<typeof call> =>
    call(['run', fixture('waiting.mjs#blocked'), ...args], { env: { SPEC_FIFO: fifo.path } });

  it('handoff run ends also as the first process of a container, which no signal of its own ends', async function () {
    const via = ['unshare', '--fork', '--pid', '--mount-proc'];
    if (spawnSync(via[0]!, [...via.slice(1), 'true']).status !== 0) {
      console.log('      (not checked: this process may not make namespaces)');
      return this.skip();
    }
    const running = call(['run', fixture('waiting.mjs#blocked')], { env: { SPEC_FIFO: fifo.path }, via });
    await fifo.reached();
    const { pid } = running.child;
    process.kill(Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')), 'SIGINT');
    const { code, stderr } = await running.ended;
    expect(stderr).to.include('handoff: interrupted').and.include('still blocked');
    expect([code, running.child.signalCode], 'not by its own will').to.not.include(0).and.to.not.include(130);
  });

  it('handoff run ends on a signal, by SIGKILL of itself, as process.exit would wait for the thread', async () => {
    const running = run();
    await fifo.reached();
    running.child.kill('SIGINT');
    expect(await endedBy(running)).to.equal('SIGKILL');
    const { stderr } = await running.ended;
    expect(stderr).to.include('handoff: interrupted').and.include('still blocked');
  });

  it('handoff run ends at once on a second signal', async () => {
    const running = run();
    await fifo.reached();
    running.child.kill('SIGTERM');
    await running.says('handoff: interrupted');
    running.child.kill('SIGTERM');
    expect(await endedBy(running)).to.equal('SIGKILL');
  });

  it('handoff node ends after its grace on the first signal; handoff status shows the thread until then', async () => {
    const node = await nodes.start(['--grace-ms', '100', '--cpu', '1']);
    const running = run('--join', node.url, '--cpu', '0');
    await fifo.reached();
    running.child.kill('SIGINT');
    await running.ended;
    const text = await call(['status', '--join', node.url]).ended;
    expect(text.stdout).to.match(/ up, 1 blocked +1\/1 /);
    const json = await call(['status', '--join', node.url, '--json']).ended;
    expect(JSON.parse(json.stdout).nodes[0]).to.deep.include({ blocked: 1, running: 1, used: { cpu: 1, memory: 0 } });
    node.child.kill('SIGTERM');
    expect(await endedBy(node)).to.equal('SIGKILL');
  });

  it('handoff node ends at once on the second signal', async () => {
    const node = await nodes.start(['--grace-ms', '60000']);
    const running = run('--join', node.url, '--cpu', '0');
    await fifo.reached();
    node.child.kill('SIGTERM');
    await node.says('leaving');
    node.child.kill('SIGTERM');
    expect(await endedBy(node)).to.equal('SIGKILL');
    running.child.kill('SIGINT');
    await running.ended;
  });
});
