import { expect } from 'chai';
import type { ClusterStatus } from '../../lib/index.js';
import { call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

describe('handoff status', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  const statusAt = async (url: string): Promise<ClusterStatus> => JSON.parse((await handoff('status', '--join', url, '--json')).stdout);

  it('shows each node with what it has, and is none of them', async () => {
    const first = await nodes.start(['--name', 'first', '--cpu', '2', '--memory', '100']);
    await nodes.start(['--name', 'second', '--cpu', '1', '--memory', '50', '--resource', 'gpu=1.5', '--join', first.url]);
    const { code, stdout } = await handoff('status', '--join', first.url);
    expect(code).to.equal(0);
    const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows[0]).to.deep.equal(['2 nodes']);
    expect(rows[1]).to.deep.equal(['node', 'status', 'cpu', 'memory', 'gpu', 'threads', 'running', 'queued', 'held', 'address']);
    expect(rows[2]).to.deep.equal(['first', 'up', '0/2', '0/100 MiB', '-', '0/3', '0', '0', '0 B/50.0 MiB', first.url]);
    expect(rows[3]!.slice(0, 5)).to.deep.equal(['second', 'up', '0/1', '0/50 MiB', '0/1.5']);
    expect(rows[4]!.slice(0, 4)).to.deep.equal(['total', '0/3', '0/150 MiB', '0/1.5']);
    expect((await statusAt(first.url)).nodes.map(({ name }) => name)).to.deep.equal(['first', 'second']);
  });

  it('shows what runs and what waits for what, through any member', async () => {
    const first = await nodes.start(['--name', 'first', '--resource', 'gpu=1']);
    const second = await nodes.start(['--name', 'second', '--join', first.url]);
    const run = call(['run', fixture('spread.mjs#gpu'), '--join', first.url, '--name', 'driver']);
    await run.says('on first');
    const { nodes: members, runs, waiting } = await statusAt(second.url);
    expect(members.find(({ name }) => name === 'first')).to.deep.include({ running: 1, used: { cpu: 0, memory: 0, gpu: 1 } });
    expect(runs.map(({ dagId, driver, progress }) => ({ dagId, driver, running: progress.running }))).to.deep.equal([
      { dagId: 'gpu', driver: 'driver', running: 1 },
    ]);
    expect(waiting).to.have.length(1);
    expect(waiting[0]).to.deep.include({ dagId: 'gpu', driver: 'driver', lacking: { gpu: 1 } });
    const { stdout } = await handoff('status', '--join', second.url);
    expect(stdout).to.include('1 function waiting for room');
    run.child.kill('SIGKILL');
    await run.ended;
  });

  it('watches, also when the member that it asked goes away', async () => {
    const first = await nodes.start(['--name', 'first']);
    const second = await nodes.start(['--name', 'second', '--join', first.url]);
    const watch = call(['status', '--join', second.url, '--watch', '--json']);
    await watch.prints(/"name":"second"/);
    second.child.kill('SIGTERM');
    await second.ended;
    await watch.prints(/\{"nodes":\[\{"name":"first"[^[]*\],"runs"/);
    watch.child.kill('SIGINT');
    expect((await watch.ended).code).to.equal(130);
  });

  it('exits 3 when nobody lets it look', async () => {
    const { code, stderr } = await handoff('status', '--join', 'ws://127.0.0.1:9', '--join-timeout-ms', '200');
    expect(code).to.equal(3);
    expect(stderr).to.include('HANDOFF_JOIN_REFUSED');
  });
});
