import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type HostProcess, NamespaceHosts } from '../support/network-namespaces.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const command = join(project, 'dist/bin/handoff.js');
const dags = 'spec/scenarios/modules/hosts.mjs';
const hostNames = ['a', 'b', 'c'] as const;
const KBIT = 2500;

describe('three hosts that send 2.5 Mbit/s', function () {
  this.timeout(160_000);
  const hosts = new NamespaceHosts();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-lines-'));
  const cookieFile = join(folder, 'cookie');
  const url = `ws://${hosts.addressOf(0)}:7000`;
  const logs: { text: string }[] = [];
  const call = (host: string, ...args: string[]): HostProcess => hosts.run(host, [command, ...args, '--cookie-file', cookieFile], project);

  before(async function () {
    writeFileSync(cookieFile, 'a cookie of three hosts\n', { mode: 0o600 });
    const missing = hosts.make(hostNames) ?? hostNames.map((name) => hosts.limit(name, KBIT)).find((one) => one !== undefined);
    if (missing) {
      console.log(`      skipped: there are no network namespaces, or no tc, here: ${missing}`);
      return this.skip();
    }
    if (!existsSync(command)) expect(spawnSync('npm', ['run', 'build'], { cwd: project }).status).to.equal(0);
    for (const [at, name] of hostNames.entries()) {
      const listen = ['--listen', `${hosts.addressOf(at)}:7000`, ...(at > 0 ? ['--join', url] : [])];
      const started = call(name, 'node', '--name', name, '--cpu', '2', ...listen);
      await started.writes(/^ws:.*\n.*\n/);
      const log = { text: '' };
      started.child.stderr!.on('data', (text: string) => {
        log.text += text;
      });
      logs.push(log);
    }
  });
  after(async () => {
    await hosts.remove();
    rmSync(folder, { recursive: true });
  });

  for (const [what, dag, sizeBytes] of [
    ['a value of 3 MB', 'large', 3_000_000],
    ['eight values of half a megabyte from two of them at once', 'many', 4_000_000],
  ] as const) {
    it(`move ${what}, and nobody is lost`, async () => {
      const { code, stdout, stderr } = await call('a', 'run', `${dags}#${dag}`, '--join', url, '--name', 'driver', '--cpu', '0', '--json')
        .ended;
      expect({ code, stderr: code === 0 ? '' : stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).to.deep.equal({ size: sizeBytes });
      for (const { text } of logs) expect(text).to.not.match(/node lost|link down/);
    });
  }
});
