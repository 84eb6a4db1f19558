import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ClusterStatus } from '../../lib/index.js';
import { type HostProcess, NamespaceHosts } from '../support/network-namespaces.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const command = join(project, 'dist/bin/handoff.js');
const dags = 'spec/scenarios/modules/hosts.mjs';
const backAgain = /"msg":"node lost".*"member":"c"[^\n]*"msg":"node joined"/s;
const hostNames = ['a', 'b', 'c'] as const;

describe('three hosts in network namespaces', function () {
  this.timeout(480_000);
  const hosts = new NamespaceHosts();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-hosts-'));
  const cookieFile = join(folder, 'cookie');
  const urls = hostNames.map((_, at) => `ws://${hosts.addressOf(at)}:7000`);

  const call = (host: string, ...args: string[]): HostProcess => hosts.run(host, [command, ...args, '--cookie-file', cookieFile], project);
  const node = async (at: number, ...args: string[]): Promise<HostProcess> => {
    const started = call(
      hostNames[at]!,
      'node',
      '--name',
      hostNames[at]!,
      '--cpu',
      '2',
      '--listen',
      `${hosts.addressOf(at)}:7000`,
      ...args,
    );
    await started.writes(/^ws:.*\n.*\n/);
    return started;
  };
  const statusOn = async (at: number): Promise<ClusterStatus> => {
    const { code, stdout, stderr } = await call(hostNames[at]!, 'status', '--join', urls[at]!, '--json').ended;
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };
  const run = (dag: string): HostProcess =>
    call('a', 'run', `${dags}#${dag}`, '--join', urls[0]!, '--name', 'driver', '--cpu', '0', '--strategy', 'load-balanced', '--json');
  const results = async (started: HostProcess): Promise<string[]> => {
    const { code, stdout, stderr } = await started.ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).to.deep.equal({ code: 0, stderr: '' });
    return (JSON.parse(stdout) as { together: string[] }).together;
  };
  const nodes: HostProcess[] = [];

  before(async function () {
    writeFileSync(cookieFile, 'a cookie of three hosts\n', { mode: 0o600 });
    const missing = hosts.make(hostNames);
    if (missing) {
      console.log(`      skipped: there are no network namespaces here: ${missing}`);
      return this.skip();
    }
    if (!existsSync(command)) expect(spawnSync('npm', ['run', 'build'], { cwd: project }).status).to.equal(0);
    nodes.push(await node(0));
    nodes.push(await node(1, '--join', urls[0]!));
    nodes.push(await node(2, '--join', urls[1]!));
  });
  after(async () => {
    await hosts.remove();
    rmSync(folder, { recursive: true });
  });

  it('form a full mesh, though each was told of one other only', async () => {
    for (const at of hostNames.keys()) {
      const members = (await statusOn(at)).nodes;
      const seen = members.map(({ name, address, status, isHeard }) => ({ name, address, status, isHeard }));
      const all = hostNames.map((name, of) => ({ name, address: urls[of], status: 'up', isHeard: true }));
      expect(seen).to.have.deep.members(all);
    }
  });

  it('share the functions of a run', async () => {
    const where = await results(run('spread'));
    expect(where).to.have.length(6);
    expect(new Set(where)).to.deep.equal(new Set(hostNames));
  });

  it('finish a run when the cable of one is pulled, and count it as lost', async () => {
    const started = run('endlessOnC');
    await started.writes(/on c\n/);
    hosts.cable('c', 'down');
    const where = await results(started);
    expect(where).to.have.length(6);
    expect(new Set(where)).to.deep.equal(new Set(['a', 'b']));
    await nodes[1]!.writes(/"member":"c","cause":"silent","msg":"node lost"/);
    expect((await statusOn(1)).nodes.map(({ name }) => name)).to.have.members(['a', 'b']);
  });

  it('are three again when the cable is plugged in', async () => {
    hosts.cable('c', 'up');
    await nodes[0]!.writes(backAgain);
    await nodes[1]!.writes(backAgain);
    const where = await results(run('spread'));
    expect(new Set(where)).to.deep.equal(new Set(hostNames));
  });
});
