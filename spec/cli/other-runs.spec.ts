import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RunEvent, RunSummary } from '../../lib/index.js';
import { call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

type Line = Extract<RunEvent, { type: 'function-output' }>;

/** Looking at runs from elsewhere: `handoff logs`, `handoff runs --join` and `handoff cancel`. The driver does not listen. */
describe('runs of other nodes', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  /** A node, and a driver that has joined it, held in its last function. */
  async function start() {
    const { url } = await nodes.start(['--name', 'hub', '--cpu', '0']);
    const driver = call(['run', fixture('lines.mjs'), '--join', url, '--name', 'driver', '--cpu', '2']);
    const list = async (...more: string[]): Promise<RunSummary[]> =>
      JSON.parse((await handoff('runs', '--join', url, '--json', ...more)).stdout);
    await driver.says('second done');
    const [run] = await list();
    return { url, driver, list, runId: run!.runId };
  }

  it('are listed, shown line by line, and cancelled', async () => {
    const { url, driver, list, runId } = await start();
    const follow = call(['logs', '--join', url, '-f', '--json', '--run', runId]);
    await follow.prints(/two/);
    const [running] = await list('--state', 'running');
    expect(running).to.deep.include({ dagId: 'lines', driver: 'driver', state: 'running' });
    expect(running!.progress).to.deep.include({ total: 3, succeeded: 2 });
    const table = (await handoff('runs', '--join', url)).stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(table[0]!.slice(0, 5)).to.deep.equal(['run', 'dag', 'state', 'done', 'failed']);
    expect(table[1]!.slice(0, 5)).to.deep.equal([runId, 'lines', 'running', '2/3', '0']);
    for (const run of [['--run', runId], []]) {
      const lines = JSON.parse((await handoff('logs', '--join', url, '--json', ...run)).stdout) as Line[];
      expect(lines.map(({ functionId, node, stream, attempt, line }) => [functionId, node, stream, attempt, line])).to.deep.equal([
        ['first', 'driver', 'stdout', 1, 'one \u001b[31mred\u001b[0m \u202eback'],
        ['second', 'driver', 'stderr', 1, 'two'],
      ]);
    }
    const { stdout } = await handoff('logs', '--join', url, '--run', runId);
    expect(stdout).to.equal('first on driver | one red \\u202eback\nsecond on driver | two\n');
    const ofOne = await handoff('logs', '--join', url, '--function', 'second');
    expect(ofOne.stdout).to.equal('lines second on driver | two\n');
    const cancelled = await handoff('cancel', runId, '--join', url);
    expect(cancelled).to.include({ code: 0 });
    expect(cancelled.stdout).to.match(/^run \S+ is (?:being )?cancelled/);
    expect((await driver.ended).stderr).to.include('HANDOFF_RUN_CANCELLED');
    // The driver tells of the end before it leaves.
    const followed = await follow.ended;
    expect(followed).to.include({ code: 0, stderr: '' });
    expect(
      followed.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Line).line),
    ).to.deep.equal(['one \u001b[31mred\u001b[0m \u202eback', 'two']);
  });

  it('are lost with their driver: following one ends with 1, and says so', async () => {
    const { url, driver, runId } = await start();
    const follow = call(['logs', '--join', url, '-f', '--run', runId]);
    await follow.prints(/two/);
    driver.child.kill('SIGKILL');
    const { code, stderr } = await follow.ended;
    expect(code).to.equal(1);
    expect(stderr).to.match(/^handoff: Node "driver" is gone.*\(HANDOFF_NODE_LOST\)\n$/);
  });

  it('are followed line by line, all of them, also where another driver goes on with one', async () => {
    const { url } = await nodes.start(['--name', 'hub', '--cpu', '0']);
    const follow = call(['logs', '--join', url, '-f', '--json']);
    const folder = await mkdtemp(join(tmpdir(), 'handoff-cli-'));
    const run = ['run', fixture('held-line.mjs'), '--key', 'k', '--data-dir', folder, '--join', url, '--cpu', '2'];
    for (const name of ['first', 'heir']) {
      const driver = call([...run, '--name', name], { env: { LINE: `by ${name}` } });
      await follow.prints(new RegExp(`by ${name}`));
      driver.child.kill('SIGKILL');
      await driver.ended;
    }
    follow.child.kill('SIGINT');
    const lines = (await follow.ended).stdout.trim().split('\n');
    const runs = lines.map((line) => JSON.parse(line) as Line);
    expect(runs.map(({ line, node }) => [line, node])).to.deep.equal([
      ['by first', 'first'],
      ['by heir', 'heir'],
    ]);
    expect(runs[0]!.runId).to.equal(runs[1]!.runId);
    await rm(folder, { recursive: true });
  });

  it('that no node knows, clusters that cannot be reached and wrong options end with 1, 3 and 2, and say why', async () => {
    const { url } = await nodes.start();
    for (const args of [
      ['logs', '--run', 'nothing'],
      ['cancel', 'nothing'],
    ]) {
      const unknown = await handoff(...args, '--join', url);
      expect(unknown).to.include({ code: 1, stdout: '' });
      expect(unknown.stderr).to.match(/^handoff: No node knows run "nothing": .*\(HANDOFF_NOT_FOUND\)\n$/);
      const away = await handoff(...args, '--join', 'ws://127.0.0.1:9', '--join-timeout-ms', '200');
      expect(away.code).to.equal(3);
      expect(await handoff(...args)).to.include({ code: 2 });
    }
    expect((await handoff('cancel', '--join', url)).code).to.equal(2);
    expect(await handoff('runs', '--join', url)).to.include({ code: 0, stdout: 'no runs\n' });
    const both = await handoff('runs', '--join', url, '--data-dir', 'data');
    expect(both).to.include({ code: 2 });
    expect(both.stderr).to.include('give either --join');
  });
});
